"""
Every Prometheus metric of the daemon, in one place, on a registry that is handed in.

Labels are enumerable (states, stations, processes), never ids. Values are set by `services`, `daemon` and `api`.
"""

from collections.abc import Iterable, Iterator

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, disable_created_metrics
from prometheus_client.core import HistogramMetricFamily
from prometheus_client.registry import Collector

#: Hours of slack to the latest moment in time; negative is late already.
SLACK_BUCKETS_S = tuple(h * 3600.0 for h in (-24, -4, -1, 0, 1, 2, 4, 8, 16, 24, 48, 72, 96))


class SnapshotHistogram(Collector):
    """A histogram of what is there now, not of what has been seen: each `observe_all` replaces the last."""

    def __init__(self, name: str, text: str, bounds: tuple[float, ...]) -> None:
        self._name, self._text, self._bounds = name, text, bounds
        self._values: tuple[float, ...] = ()

    def observe_all(self, values: Iterable[float]) -> None:
        """Replace the distribution."""
        self._values = tuple(values)

    def collect(self) -> Iterator[HistogramMetricFamily]:
        """Yield the one family, cumulative buckets and sum."""
        values = self._values
        buckets = [(str(bound), float(sum(v <= bound for v in values))) for bound in self._bounds]
        family = HistogramMetricFamily(self._name, self._text)
        family.add_metric([], [*buckets, ("+Inf", float(len(values)))], sum(values))
        yield family


class Metrics:
    """The daemon's metrics; one instance a process."""

    def __init__(self, registry: CollectorRegistry) -> None:
        # the _created series double every counter and tell nothing that a rate does not
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = registry
        self.build = Info("batcher_build", "Version of the running daemon.", registry=registry)
        self.rules = Info("batcher_rules", "Hash of the rules in force.", registry=registry)

        def gauge(name: str, text: str, labels: tuple[str, ...] = ()) -> Gauge:
            return Gauge(f"batcher_{name}", text, labels, registry=registry)

        def counter(name: str, text: str, labels: tuple[str, ...] = ()) -> Counter:
            return Counter(f"batcher_{name}", text, labels, registry=registry)

        self.orders = gauge("orders", "Orders by state.", ("state",))
        self.orders_received = counter("orders_received_total", "Orders taken in, by outcome.", ("outcome",))
        self.orders_quarantined = gauge("orders_quarantined", "Orders on hold because planning broke on them.")
        self.oldest_waiting = gauge("oldest_waiting_seconds", "Age of the oldest order that waits.")
        self.orders_at_risk = gauge("orders_at_risk", "Open orders whose plan ends after their leave-by time.")
        self.orders_late = gauge("orders_late", "Open orders whose leave-by time has passed.")
        self.slack = SnapshotHistogram(
            "batcher_order_slack_seconds",
            "Open orders by time left between their planned end and their leave-by time, as of now.",
            SLACK_BUCKETS_S,
        )
        registry.register(self.slack)
        self.jobs_waiting = gauge("jobs_waiting", "Jobs that wait to be batched, by process.", ("process",))

        self.plan_seconds = Histogram(
            "batcher_plan_seconds",
            "Wall-clock seconds of one planning cycle.",
            buckets=(0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60),
            registry=registry,
        )
        self.plan_cost = gauge("plan_cost_minor", "Cost of the plan in force, in minor units of money.")
        self.plan_gap = gauge(
            "plan_gap_ratio", "(cost - proven bound) / cost of the plan in force; NaN without a bound."
        )
        self.plan_kept = gauge(
            "plan_batches_kept_ratio",
            "Share of the batches of the plan before, as far as they still wait, that the plan in force has too; "
            "NaN without one.",
        )
        self.plans = counter("plans_total", "Planning cycles by status of their plan.", ("status",))
        self.plan_failures = counter("plan_failures_total", "Planning cycles that ended in a failure.", ("code",))

        self.batches = counter("batches_released_total", "Batches released.", ("process", "reason"))
        self.fill = Histogram(
            "batcher_batch_fill_ratio",
            "Fill of released batches, share of capacity or sheet.",
            ("process",),
            buckets=(0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0),
            registry=registry,
        )
        self.tickets = counter("tickets_total", "Ticket changes by station and state.", ("station", "state"))
        self.tickets_live = gauge("tickets_live", "Live tickets by station and state.", ("station", "state"))
        self.tickets_overdue = gauge("tickets_overdue", "Live tickets without a report in time.", ("station",))
        self.in_doubt = gauge("tickets_in_doubt", "Tickets of which nobody knows whether they were made.")
        self.oldest_in_doubt = gauge("oldest_in_doubt_seconds", "How long the oldest of them has been in doubt.")
        self.dispatch_failures = counter("dispatch_failures_total", "Failed tries to hand over a ticket.", ("station",))
        self.set_aside = counter(
            "pieces_set_aside_total",
            "Steps done on pieces whose orders were cancelled meanwhile; packing sets them aside.",
        )
        self.station_up = gauge("station_up", "1 when the station takes work.", ("station",))
        self.reports = counter("reports_total", "Station reports by outcome.", ("outcome",))
        self.remakes = counter("remakes_total", "Pieces to be made again.", ("process",))

        self.leader_epoch = gauge(
            "leader_epoch", "Epoch in which this daemon leads; of several that say so, the highest does."
        )
        self.lease_renewed = gauge("lease_renewed_timestamp_seconds", "When this daemon last renewed its lease.")
        self.news = counter("news_total", "News made of what happened to orders, by type.", ("type",))
        self.deliveries = counter("deliveries_total", "Tries to send news to a hook, by outcome.", ("outcome",))

        self.shadow_success = gauge("shadow_rules_usable", "1 when the shadow rules could be evaluated last.")
        self.shadow_cost = gauge(
            "shadow_plan_cost_minor", "Cost of a quick plan of the queue, in minor units, by rules.", ("rules",)
        )
        self.shadow_starts = counter(
            "shadow_starts_total", "Batches that only these rules would have released when looked at.", ("rules",)
        )
        self.reload_success = gauge("rules_last_reload_successful", "1 when the last reload took effect.")
        self.reload_at = gauge("rules_last_reload_success_timestamp_seconds", "When rules last took effect.")
        self.loop_success = gauge("loop_last_success_timestamp_seconds", "When a loop last finished.", ("loop",))
        self.loop_failures = counter("loop_failures_total", "Runs of a loop that failed.", ("loop", "code"))
