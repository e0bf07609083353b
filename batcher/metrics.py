"""
Every Prometheus metric of the daemon, in one place, on a registry that is handed in.

Labels are enumerable (states, stations, processes, loops, routes, codes), never ids or anything that came from outside;
times are seconds, instants seconds of the wall clock since 1970. Values are set by `services`, `daemon` and `api`. What
is documented, and alerted on, follows from what is declared here.
"""

from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import accumulate
from typing import TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, disable_created_metrics
from prometheus_client.core import HistogramMetricFamily
from prometheus_client.metrics import MetricWrapperBase
from prometheus_client.registry import Collector

#: Hours of slack to the latest moment in time; negative is late already.
SLACK_BUCKETS_S = tuple(h * 3600.0 for h in (-24, -4, -1, 0, 1, 2, 4, 8, 16, 24, 48, 72, 96))
#: From an order's arrival to its being packed.
_LEAD_BUCKETS_S = tuple(h * 3600.0 for h in (1, 2, 4, 8, 12, 24, 48, 96, 168))
_PLAN_BUCKETS_S = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60)
_HAND_OVER_BUCKETS_S = (0.5, 1, 2, 5, 10, 30, 60, 300, 1800)
_REQUEST_BUCKETS_S = (0.01, 0.05, 0.25, 1, 5)
_LOOP_BUCKETS_S = (0.01, 0.1, 1, 10, 60)
_FILL_BUCKETS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)

Labels = tuple[str, ...]
_M = TypeVar("_M", bound=MetricWrapperBase)


class SnapshotHistogram(Collector):
    """A histogram of what is there now, not of what has been seen: each `observe_all` replaces the last."""

    def __init__(self, name: str, text: str, bounds: tuple[float, ...]) -> None:
        self._name, self._text, self._bounds = name, text, bounds
        self._seen: tuple[Sequence[int], float] = ([0] * (len(bounds) + 1), 0.0)

    def observe_all(self, values: Iterable[float]) -> None:
        """Replace the distribution; they are counted here, once, and not with each scrape."""
        counts, total = [0] * (len(self._bounds) + 1), 0.0
        for value in values:
            counts[bisect_left(self._bounds, value)] += 1
            total += value
        self._seen = (counts, total)

    def collect(self) -> Iterator[HistogramMetricFamily]:
        """Yield the one family, cumulative buckets and sum."""
        counts, total = self._seen
        names = [*map(str, self._bounds), "+Inf"]
        family = HistogramMetricFamily(self._name, self._text)
        family.add_metric(
            [], [(name, float(count)) for name, count in zip(names, accumulate(counts), strict=True)], total
        )
        yield family


class Metrics:
    """The daemon's metrics; one instance a process."""

    def __init__(self, registry: CollectorRegistry) -> None:
        # the _created series double every counter and tell nothing that a rate does not
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = registry
        #: When a person should look, by the metric's name; for the documentation.
        self.worries: dict[str, str] = {}
        self._metrics: list[MetricWrapperBase] = []
        self._add_orders()
        self._add_planning()
        self._add_tickets()
        self._add_outside()
        self._add_process()

    def keep_only(self, label: str, known: Collection[str]) -> None:
        """Drop the series whose label names something, a station or a source, that the rules name no more."""
        for metric in self._metrics:
            told = (sample.labels for family in metric.collect() for sample in family.samples)
            for gone in {labels[label] for labels in told if label in labels} - {*known}:
                metric.remove_by_labels({label: gone})

    def _add_orders(self) -> None:
        gauge, counter = self._gauge, self._counter
        self.orders = gauge("orders", "Orders by state.", ("state",), worry="`held` stays above 0: somebody must act")
        self.orders_received = counter(
            "orders_received_total", "Orders taken in, by outcome.", ("outcome",),
            worry="no `created` in hours that always bring some",
        )  # fmt: skip
        self.orders_quarantined = gauge(
            "orders_quarantined",
            "Orders on hold because planning broke on them, or a piece of theirs kept failing.",
            worry="above 0",
        )
        self.orders_completed = counter(
            "orders_completed_total", "Orders whose last piece was packed, in_time or late.", ("outcome",),
            worry="`late` is more than 1 % of a day",
        )  # fmt: skip
        self.buyer_answers = counter(
            "buyer_answers_total", "What buyers answered once their order had left.", ("question", "answer"),
            worry="`no` grows: what we call in time, they do not",
        )  # fmt: skip
        self.order_lead = self._histogram(
            "order_lead_seconds", "Floor seconds from an order's arrival to its last piece packed.", _LEAD_BUCKETS_S,
            worry="it nears what customers are promised",
        )  # fmt: skip
        self.oldest_waiting = gauge(
            "orders_oldest_waiting_seconds", "Age of the oldest order of which nothing has begun.",
            worry="more than 4 days, or more than any promise gives",
        )  # fmt: skip
        self.orders_at_risk = gauge(
            "orders_at_risk",
            "Open orders, not late yet, whose plan ends after their leave-by time.",
            worry="above 0 for 10 minutes",
        )
        self.orders_late = gauge("orders_late", "Open orders whose leave-by time has passed.", worry="above 0")
        name = "batcher_order_slack_seconds"
        self.worries[name] = "the share at or below 0 grows"
        self.slack = SnapshotHistogram(
            name,
            "Open orders by time left between their planned end and their leave-by time, as of now.",
            SLACK_BUCKETS_S,
        )
        self.registry.register(self.slack)
        self.jobs_waiting = gauge(
            "jobs_waiting", "Jobs that wait to be batched, by process.", ("process",),
            worry="it grows over days, which is too little capacity",
        )  # fmt: skip

        self.blanks_out = gauge(
            "blanks_out", "Products, finishes or SKUs whose blanks have run out.", worry="above 0 for half an hour"
        )
        self.items_without_blank = gauge(
            "items_without_blank", "Pieces of open orders that wait for a blank that has run out.",
            worry="it grows, or their orders become late",
        )  # fmt: skip

    def _add_planning(self) -> None:
        gauge, counter = self._gauge, self._counter
        self.plan_seconds = self._histogram(
            "plan_duration_seconds", "Wall-clock seconds of one planning cycle.", _PLAN_BUCKETS_S,
            worry="much above the `budget` of the rules",
        )  # fmt: skip
        self.plan_made_at = gauge(
            "plan_made_timestamp_seconds", "When the plan in force was made.", worry="more than 10 minutes ago"
        )
        self.plan_jobs = gauge("plan_jobs", "Jobs in the plan in force when it was made.", worry="0 while jobs wait")
        self.plan_unplanned = gauge(
            "plan_jobs_unplanned", "Jobs that the plan in force found no place for within its horizon.",
            worry="above 0 for 15 minutes",
        )  # fmt: skip
        self.plan_cost = gauge(
            "plan_cost_minor", "Cost of the plan in force, in minor units of money.", worry="never by itself"
        )
        self.plan_greedy_cost = gauge(
            "plan_greedy_cost_minor", "Cost of the simple plan that the search began with, in minor units of money.",
            worry="equal to the cost of the plan in force, always: the search finds nothing",
        )  # fmt: skip
        self.plan_gap = gauge(
            "plan_gap_ratio", "(cost - proven bound) / cost of the plan in force; NaN without a bound.",
            worry="twice what it was yesterday: the search has too little time",
        )  # fmt: skip
        self.plan_kept = gauge(
            "plan_batches_kept_ratio",
            "Share of the batches of the plan before, as far as they still wait, that the plan in force has too; "
            "NaN without one.",
            worry="never by itself",
        )
        self.plans = counter(
            "plans_total", "Planning cycles by status of their plan.", ("status",), worry="`fallback`, again and again"
        )
        self.plan_failures = counter(
            "plan_failures_total", "Planning cycles that ended in a failure.", ("code",), worry="it rises"
        )
        self.batches = counter(
            "batches_released_total", "Batches released.", ("process", "reason"), worry="never by itself"
        )
        self.jobs_released = counter(
            "jobs_released_total", "Jobs released, in batches.", ("process",), worry="nothing in attended hours"
        )
        self.batches_cost = counter(
            "batches_cost_minor_total", "Planned cost of released batches, in minor units of money.", ("process",),
            worry="the cost of a job grows",
        )  # fmt: skip
        self.fill = self._histogram(
            "batch_fill_ratio", "Fill of released batches, share of capacity or sheet.", _FILL_BUCKETS, ("process",),
            worry="it falls over weeks",
        )  # fmt: skip

    def _add_tickets(self) -> None:
        gauge, counter = self._gauge, self._counter
        self.tickets = counter(
            "tickets_total", "Ticket changes by station and state.", ("station", "state"), worry="`failed` rises"
        )
        self.tickets_live = gauge(
            "tickets_live",
            "Live tickets by station and state.",
            ("station", "state"),
            worry="`released` stays: not sent",
        )
        self.tickets_overdue = gauge(
            "tickets_overdue", "Live tickets without a report in time.", ("station",), worry="above 0: it is silent"
        )
        self.in_doubt = gauge(
            "tickets_in_doubt", "Tickets of which nobody knows whether they were made.", worry="above 0"
        )
        self.oldest_in_doubt = gauge(
            "tickets_oldest_in_doubt_seconds", "How long the oldest of them has been in doubt.", worry="hours"
        )
        self.hand_over = self._histogram(
            "dispatch_duration_seconds", "Wall-clock seconds from a batch's release to its ticket in the hot folder.",
            _HAND_OVER_BUCKETS_S, worry="95 % above 30 s",
        )  # fmt: skip
        self.dispatch_failures = counter(
            "dispatch_failures_total", "Failed tries to hand over a ticket or to read reports.", ("station",),
            worry="it rises",
        )  # fmt: skip
        self.set_aside = counter(
            "pieces_set_aside_total",
            "Steps done on pieces whose orders were cancelled meanwhile; packing sets them aside.",
            worry="it rises: cancelled too late",
        )
        self.station_up = gauge(
            "station_up", "1 when the station takes work.", ("station",), worry="0 and nobody knows why"
        )
        self.station_heard = gauge(
            "station_last_report_timestamp_seconds", "When a station last reported; 0 when it never did.", ("station",),
            worry="long ago, with tickets in its hands",
        )  # fmt: skip
        self.reports = counter("reports_total", "Station reports by outcome.", ("outcome",), worry="`unreadable` rises")
        self.remakes = counter(
            "remakes_total", "Pieces to be made again.", ("process",), worry="more than a few in a hundred jobs"
        )

    def _add_outside(self) -> None:
        gauge, counter = self._gauge, self._counter
        self.source_success = gauge(
            "source_last_success_timestamp_seconds", "When a source of orders was last asked without failure.",
            ("source",), worry="longer ago than 5 minutes and three intervals",
        )  # fmt: skip
        self.source_interval = gauge(
            "source_interval_seconds", "How often a source of orders is asked while nothing fails.", ("source",),
            worry="never by itself",
        )  # fmt: skip
        self.source_failures = counter(
            "source_failures_total", "Tries to ask a source of orders that failed.", ("source",), worry="it rises"
        )
        self.source_looks = counter(
            "source_looks_total", "Looks at a source that is polled, by outcome: read, unfinished, or why not.",
            ("source", "outcome"), worry="anything but `read` rises",
        )  # fmt: skip
        self.source_refused = gauge(
            "source_orders_refused", "Orders of a source that cannot be taken in.", ("source",), worry="above 0"
        )
        self.source_owed = gauge(
            "source_acknowledgements_owed", "Orders that are kept, and of which their source was not told yet.",
            ("source",), worry="it stays",
        )  # fmt: skip
        self.artworks = counter(
            "artworks_total", "Tries to fetch artwork, by outcome: fetched, or why not.", ("outcome",),
            worry="anything but `fetched` rises",
        )  # fmt: skip
        self.news = counter(
            "news_total", "News made of what happened to orders, by type.", ("type",), worry="never by itself"
        )
        self.deliveries = counter(
            "news_deliveries_total", "Tries to send news to a hook, by outcome.", ("outcome",), worry="`dead` rises"
        )
        self.undelivered = gauge(
            "news_undelivered", "News for hooks that waits to be sent, or was given up.", ("state",), worry="`dead`"
        )
        self.oldest_undelivered = gauge(
            "news_oldest_undelivered_seconds", "How long the oldest news for a hook has waited to be sent.",
            worry="more than an hour",
        )  # fmt: skip

    def _add_process(self) -> None:
        gauge, counter = self._gauge, self._counter
        self.build = self._info("build", "Version of the running daemon.", worry="not what was installed")
        self.rules = self._info("rules", "Hash of the rules in force.", worry="not what was deployed")
        self.reload_success = gauge("rules_last_reload_successful", "1 when the last reload took effect.", worry="0")
        self.reload_at = gauge(
            "rules_last_reload_success_timestamp_seconds", "When rules last took effect.", worry="never by itself"
        )
        self.shadow_success = gauge(
            "shadow_rules_usable", "1 when the shadow rules could be evaluated last.", worry="0 while there are some"
        )
        self.shadow_cost = gauge(
            "shadow_plan_cost_minor", "Cost of a quick plan of the queue, in minor units, by rules.", ("rules",),
            worry="never by itself",
        )  # fmt: skip
        self.shadow_starts = counter(
            "shadow_starts_total", "Batches that only these rules would have released when looked at.", ("rules",),
            worry="never by itself",
        )  # fmt: skip
        self.safe_mode = gauge(
            "safe_mode", "1 while nothing is sent, because the database is older than the stations' folders.",
            worry="1: it comes from a backup, and waits for `batcher reconcile`",
        )  # fmt: skip
        self.leader_epoch = gauge(
            "leader_epoch", "Epoch in which this daemon leads; of several that say so, the highest does.",
            worry="it rises more than three times in an hour",
        )  # fmt: skip
        self.lease_renewed = gauge(
            "lease_renewed_timestamp_seconds", "When this daemon last renewed its lease.",
            worry="on no daemon within the lease: nobody leads",
        )  # fmt: skip
        self.loop_success = gauge(
            "loop_last_success_timestamp_seconds", "When a loop last finished.", ("loop",), worry="minutes ago"
        )
        self.loop_failures = counter(
            "loop_failures_total", "Runs of a loop that failed.", ("loop", "code"), worry="it rises"
        )
        self.loop_seconds = self._histogram(
            "loop_duration_seconds", "Wall-clock seconds of one run of a loop.", _LOOP_BUCKETS_S, ("loop",),
            worry="near its budget",
        )  # fmt: skip
        self.loop_stalled = gauge(
            "loop_stalled", "1 when a loop has made no progress within its budget, which starves the watchdog.",
            ("loop",), worry="1",
        )  # fmt: skip
        self.database_errors = counter(
            "database_errors_total", "Units of work that the database failed, by code.", ("code",), worry="it rises"
        )
        self.database_log_size = gauge(
            "database_log_size_bytes", "Size of the SQLite file's write-ahead log; 0 on a server.",
            worry="above 64 MB for minutes: somebody reads and never ends",
        )  # fmt: skip
        self.database_size = gauge(
            "database_size_bytes", "Size of the SQLite file; 0 on a server.", worry="it grows over weeks"
        )
        self.archived = counter(
            "archived_total", "What has left the database for the archive, by kind.", ("kind",),
            worry="nothing of kind `order` for days, on a floor as old as BATCHER_ARCHIVE_DAYS",
        )  # fmt: skip
        self.archive_kept_back = gauge(
            "archive_orders_kept_back", "Orders old enough for the archive that cannot leave the database yet.",
            worry="above 1000: news of them is not delivered, or their tickets do not end",
        )  # fmt: skip
        self.disk_free = gauge(
            "disk_free_bytes", "Free room on the disk of the state directory.", worry="less than 10 % of its size"
        )
        self.disk_size = gauge("disk_size_bytes", "Size of the disk of the state directory.", worry="never by itself")
        self.requests = self._histogram(
            "http_request_duration_seconds", "Wall-clock seconds of requests to the API, by route and class of status.",
            _REQUEST_BUCKETS_S, ("method", "route", "status"), worry="`5xx` rises, or 95 % above 1 s",
        )  # fmt: skip

    def _gauge(self, name: str, text: str, labels: Labels = (), *, worry: str = "") -> Gauge:
        return self._noted(Gauge(f"batcher_{name}", text, labels, registry=self.registry), name, worry)

    def _counter(self, name: str, text: str, labels: Labels = (), *, worry: str = "") -> Counter:
        return self._noted(Counter(f"batcher_{name}", text, labels, registry=self.registry), name, worry)

    def _histogram(
        self, name: str, text: str, bounds: tuple[float, ...], labels: Labels = (), *, worry: str = ""
    ) -> Histogram:
        metric = Histogram(f"batcher_{name}", text, labels, buckets=bounds, registry=self.registry)
        return self._noted(metric, name, worry)

    def _info(self, name: str, text: str, *, worry: str = "") -> Info:
        return self._noted(Info(f"batcher_{name}", text, registry=self.registry), f"{name}_info", worry)

    def _noted(self, metric: _M, name: str, worry: str) -> _M:
        self.worries[f"batcher_{name}"] = worry
        self._metrics.append(metric)
        return metric
