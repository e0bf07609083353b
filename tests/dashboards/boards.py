"""
The five dashboards: which questions people ask, in the order in which they ask them.

Everything is asked of one floor, `$job`; a panel that can be looked at station by station goes by `$station`.
"""

from dataclasses import dataclass

from tests.dashboards.panels import Panel, Query

Q = Query
_J = 'job="$job"'
_S = 'job="$job", station=~"$station"'


def _p95(name: str, by: str = "", window: str = "$__rate_interval", share: float = 0.95) -> str:
    labels = ", ".join(filter(None, ("le", by)))
    return f"histogram_quantile({share}, sum by ({labels}) (rate({name}_bucket{{{_J}}}[{window}])))"


def _rise(name: str, by: str, window: str = "1h", where: str = _J) -> str:
    return f"sum by ({by}) (increase({name}{{{where}}}[{window}]))"


def _rate(name: str, by: str) -> str:
    return f"sum by ({by}) (rate({name}{{{_J}}}[$__rate_interval]))"


def _number(title: str, about: str, expr: str, **more: object) -> Panel:
    """Return a panel of one number, coloured by its bounds."""
    return Panel(title, about, (Q(expr),), kind="stat", width=4, height=4, **more)  # type: ignore[arg-type] # a panel's own


@dataclass(frozen=True)
class Board:
    """One dashboard: panels in rows under a heading each."""

    uid: str
    title: str
    about: str
    rows: tuple[tuple[str, tuple[Panel, ...]], ...]
    since: str = "now-12h"
    by_station: bool = False


FLOOR = Board(
    "batcher-floor", "batcher / Floor", "What runs, what waits, and what needs a person now.",
    (
        ("Now", (
            _number("Late", "Open orders past their leave-by time.", f"max(batcher_orders_late{{{_J}}})",
                    bad=1, runbook="orders-late"),
            _number("At risk", "Open orders that will be packed too late as planned.",
                    f"max(batcher_orders_at_risk{{{_J}}})", warn=1, bad=10, runbook="orders-at-risk"),
            _number("Held", "Orders that wait for a person.", f'max(batcher_orders{{{_J}, state="held"}})',
                    warn=1, runbook="orders-held"),
            _number("In doubt", "Tickets of which nobody knows whether they were made.",
                    f"max(batcher_tickets_in_doubt{{{_J}}})", bad=1, runbook="tickets-in-doubt"),
            _number("Silent stations", "Stations with tickets and without a report in time.",
                    f"count(batcher_tickets_overdue{{{_J}}} > 0) or vector(0)", bad=1, runbook="station-silent"),
            _number("Stations down", "Taken down by a person.",
                    f"count(batcher_station_up{{{_J}}} == 0) or vector(0)", warn=1, runbook="station-down"),
        )),
        ("Stations", (
            Panel("Takes work", "Blue: the station takes work. Red: somebody took it down.",
                  (Q(f"batcher_station_up{{{_S}}}", "{{station}}"),), kind="states", bad=1, falling=True, width=12,
                  low=None, runbook="station-down"),
            Panel("Last heard", "Time since each station's last report; idle ones have nothing to report.",
                  (Q(f"time() - (batcher_station_last_report_timestamp_seconds{{{_S}}} > 0)", "{{station}}"),),
                  "s", "bars", warn=3600, bad=14400, width=12, runbook="station-silent"),
            Panel("Tickets at the stations", "Live tickets by state; released ones have not left the house.",
                  (Q(f"sum by (state) (batcher_tickets_live{{{_S}}})", "{{state}}"),), kind="stack"),
            Panel("Batches ended an hour", "Tickets that stations reported done.",
                  (Q(_rise("batcher_tickets_total", "station", where=f'{_S}, state="done"'), "{{station}}"),),
                  kind="stack"),
            Panel("Hand-over failures", "Tries to write into, or read from, a station's folders that failed.",
                  (Q(_rise("batcher_dispatch_failures_total", "station", "10m", _S), "{{station}}"),), bad=1,
                  runbook="dispatch-failing"),
        )),
        ("Work", (
            Panel("Jobs waiting", "By process; growth over days is too little capacity.",
                  (Q(f"sum by (process) (batcher_jobs_waiting{{{_J}}})", "{{process}}"),), kind="stack",
                  runbook="queue-ageing"),
            Panel("Jobs released an hour", "By process.",
                  (Q(_rise("batcher_jobs_released_total", "process"), "{{process}}"),), kind="stack"),
            Panel("Fill of batches", "Mean over six hours, by process: low fill is money.",
                  (Q(f"sum by (process) (increase(batcher_batch_fill_ratio_sum{{{_J}}}[6h])) / "
                     f"(sum by (process) (increase(batcher_batch_fill_ratio_count{{{_J}}}[6h])) > 0)",
                     "{{process}}"),), "percentunit"),
        )),
    ), by_station=True,
)  # fmt: skip

PLANNING = Board(
    "batcher-planning", "batcher / Planning", "Is there a plan, how good is it, and what was decided by it?",
    (
        ("Now", (
            _number("Age of the plan", "Since the plan in force was made; a minute is usual.",
                    f"time() - max(batcher_plan_made_timestamp_seconds{{{_J}}})", unit="s", warn=180, bad=600,
                    runbook="nothing-planned"),
            _number("Jobs planned", "In the plan in force.", f"max(batcher_plan_jobs{{{_J}}})"),
            _number("Jobs unplanned", "Without a place within the horizon.",
                    f"max(batcher_plan_jobs_unplanned{{{_J}}})", warn=1, runbook="jobs-unplanned"),
            _number("Gap", "How much cheaper a plan could be at most.", "job:batcher_plan_gap:avg1h{job=\"$job\"}",
                    unit="percentunit", warn=0.15, bad=0.3, runbook="gap-growing"),
            _number("Fallbacks", "Share of greedy plans of the last 15 minutes.",
                    "job:batcher_plan_fallbacks:ratio15m{job=\"$job\"}", unit="percentunit", warn=0.1, bad=0.5,
                    runbook="planner-fallback"),
            _number("Saved by the search", "Against the greedy plan.",
                    f"1 - max(batcher_plan_cost_minor{{{_J}}}) / (max(batcher_plan_greedy_cost_minor{{{_J}}}) > 0)",
                    unit="percentunit"),
        )),
        ("Plans", (
            Panel("Cost", "Of the plan in force, of the greedy plan before the search, and proven: none is cheaper. "
                  "In the currency of the site.",
                  (Q(f"max(batcher_plan_cost_minor{{{_J}}}) / 100", "plan"),
                   Q(f"max(batcher_plan_greedy_cost_minor{{{_J}}}) / 100", "greedy"),
                   Q(f"max(batcher_plan_cost_minor{{{_J}}}) * (1 - max(batcher_plan_gap_ratio{{{_J}}} >= 0)) / 100",
                     "bound")), "none"),
            Panel("Gap", "(cost - bound) / cost.", (Q(f"max(batcher_plan_gap_ratio{{{_J}}} >= 0)", "gap"),),
                  "percentunit", warn=0.15, runbook="gap-growing"),
            Panel("Jobs in the plan", "Planned, and without a place.",
                  (Q(f"max(batcher_plan_jobs{{{_J}}})", "planned"),
                   Q(f"max(batcher_plan_jobs_unplanned{{{_J}}})", "unplanned"))),
            Panel("Duration of a cycle", "Half of them, and 95 %, take at most.",
                  (Q(_p95("batcher_plan_duration_seconds", share=0.5), "50 %"),
                   Q(_p95("batcher_plan_duration_seconds"), "95 %")), "s"),
            Panel("Plans by status", "A fallback is a greedy plan, because the search gave no answer.",
                  (Q(_rise("batcher_plans_total", "status", "15m"), "{{status}}"),
                   Q(_rise("batcher_plan_failures_total", "code", "15m"), "failed: {{code}}")), kind="stack",
                  runbook="planner-fallback"),
            Panel("Kept from the plan before", "Share of batches that stayed; low after many orders or new rules.",
                  (Q(f"max(batcher_plan_batches_kept_ratio{{{_J}}} >= 0)", "kept"),), "percentunit"),
        )),
        ("What was decided", (
            Panel("Released, and why", "Batches an hour by the word of the release policy.",
                  (Q(_rise("batcher_batches_released_total", "reason"), "{{reason}}"),), kind="stack", width=12),
            Panel("Cost of a job", "Planned cost of released batches by their jobs, over a day.",
                  (Q('job_process:batcher_job_cost_minor:avg1d{job="$job"} / 100', "{{process}}"),), "none", width=12),
        )),
    ),
)  # fmt: skip

SLA = Board(
    "batcher-sla", "batcher / SLA", "Do parcels leave with the courier they were promised to?",
    (
        ("Now", (
            _number("In time, a day", "Of the orders completed in the last 24 hours.",
                    'job:batcher_orders_in_time:ratio1d{job="$job"}', unit="percentunit", warn=0.99, bad=0.95,
                    falling=True, runbook="orders-late"),
            _number("Late", "Open orders past their leave-by time.", f"max(batcher_orders_late{{{_J}}})", bad=1,
                    runbook="orders-late"),
            _number("At risk", "Will be packed too late as planned.", f"max(batcher_orders_at_risk{{{_J}}})", warn=1,
                    bad=10, runbook="orders-at-risk"),
            _number("Less than an hour", "Open orders with at most an hour of slack.",
                    f'max(batcher_order_slack_seconds_bucket{{{_J}, le="3600.0"}})', warn=1, runbook="orders-at-risk"),
            _number("Oldest waiting", "Of which nothing has begun.",
                    f"max(batcher_orders_oldest_waiting_seconds{{{_J}}})", unit="s", warn=172800, bad=345600,
                    runbook="queue-ageing"),
            _number("Open", "Orders that wait, are held or in production.",
                    f'sum(batcher_orders{{{_J}, state=~"held|waiting|in_production"}})'),
        )),
        ("Promises", (
            Panel("Late and at risk", "Over time.",
                  (Q(f"max(batcher_orders_late{{{_J}}})", "late"),
                   Q(f"max(batcher_orders_at_risk{{{_J}}})", "at risk")),
                  bad=1, runbook="orders-late"),
            Panel("Completed an hour", "In time and late.",
                  (Q(_rise("batcher_orders_completed_total", "outcome"), "{{outcome}}"),), kind="stack"),
            Panel("Slack", "Open orders that have at most so much time between being packed and having to leave.",
                  (Q(f"max by (le) (batcher_order_slack_seconds_bucket{{{_J}}})", "{{le}} s"),), kind="bars"),
            Panel("From order to parcel", "Half of the orders, and 95 %, take at most.",
                  (Q(_p95("batcher_order_lead_seconds", window="6h", share=0.5), "50 %"),
                   Q(_p95("batcher_order_lead_seconds", window="6h"), "95 %")), "s"),
            Panel("Orders by state", "Open ones.",
                  (Q(f'sum by (state) (batcher_orders{{{_J}, state=~"held|waiting|in_production"}})', "{{state}}"),),
                  kind="stack"),
            Panel("Made again", "Pieces that failed, of jobs released, over six hours.",
                  (Q(f"{_rise('batcher_remakes_total', 'process', '6h')} / "
                     f"({_rise('batcher_jobs_released_total', 'process', '6h')} > 0)", "{{process}}"),),
                  "percentunit", warn=0.03),
        )),
    ), since="now-2d",
)  # fmt: skip

INTEGRATION = Board(
    "batcher-integration", "batcher / Integration", "What comes in, what goes out, and whether others hear of it.",
    (
        ("In", (
            Panel("Orders taken in", "An hour, by outcome.",
                  (Q(_rise("batcher_orders_received_total", "outcome"), "{{outcome}}"),), kind="stack"),
            Panel("Sources", "Time since each was last asked with success.",
                  (Q(f"time() - batcher_source_last_success_timestamp_seconds{{{_J}}}", "{{source}}"),), "s", bad=300,
                  runbook="source-down"),
            Panel("Source failures", "In ten minutes, and orders that cannot be taken in.",
                  (Q(_rise("batcher_source_failures_total", "source", "10m"), "{{source}}"),
                   Q(f"max by (source) (batcher_source_orders_refused{{{_J}}})", "{{source}}: refused")), bad=3,
                  runbook="source-refused"),
        )),
        ("API", (
            Panel("Requests", "A second, by route.",
                  (Q(_rate("batcher_http_request_duration_seconds_count", "method, route"), "{{method}} {{route}}"),),
                  "reqps"),
            Panel("Slow routes", "95 % of the requests take at most.",
                  (Q(_p95("batcher_http_request_duration_seconds", "route"), "{{route}}"),), "s", warn=1),
            Panel("Failed requests", "Share of answers 5xx.",
                  (Q('job:batcher_http_errors:ratio5m{job="$job"}', "5xx"),), "percentunit", bad=0.01,
                  runbook="api-errors"),
        )),
        ("Stations", (
            Panel("Hand-over", "From release to the hot folder, half and 95 % of the tickets.",
                  (Q(_p95("batcher_dispatch_duration_seconds", window="15m", share=0.5), "50 %"),
                   Q('job:batcher_dispatch_seconds:p95_15m{job="$job"}', "95 %")), "s", warn=30,
                  runbook="dispatch-slow"),
            Panel("Reports", "An hour, by what became of them.",
                  (Q(_rise("batcher_reports_total", "outcome"), "{{outcome}}"),), kind="stack"),
            Panel("Set aside", "Steps done on pieces whose orders were cancelled meanwhile, in a day.",
                  (Q(f"sum(increase(batcher_pieces_set_aside_total{{{_J}}}[1d]))", "pieces"),)),
        )),
        ("News", (
            Panel("News", "An hour, by type.", (Q(_rise("batcher_news_total", "type"), "{{type}}"),), kind="stack"),
            Panel("Deliveries", "An hour, by outcome.",
                  (Q(_rise("batcher_news_deliveries_total", "outcome"), "{{outcome}}"),), kind="stack"),
            Panel("Undelivered", "Waiting to be sent, and given up.",
                  (Q(f"max by (state) (batcher_news_undelivered{{{_J}}})", "{{state}}"),), runbook="webhooks-dead"),
        )),
    ),
)  # fmt: skip

PROCESS = Board(
    "batcher-process", "batcher / Process", "The daemon itself: alive, leading, turning, with room on its disk.",
    (
        ("Now", (
            _number("Daemons", "That answer; one leads, standbys do not answer.", f"sum(up{{{_J}}}) or vector(0)",
                    bad=1, falling=True, runbook="daemon-down"),
            _number("Rules", "1: the last reload took effect.",
                    f"min(batcher_rules_last_reload_successful{{{_J}}})", bad=1, falling=True,
                    runbook="reload-failed"),
            _number("Stalled loops", "Past their budget: the watchdog is not fed.",
                    f"sum(batcher_loop_stalled{{{_J}}})", bad=1, runbook="loop-stalled"),
            _number("Lease", "Since a daemon last renewed it.",
                    f"time() - max(batcher_lease_renewed_timestamp_seconds{{{_J}}})", unit="s", warn=20, bad=60,
                    runbook="leadership"),
            _number("Free disk", "Of the state directory's.", f"min(instance:batcher_disk_free:ratio{{{_J}}})",
                    unit="percentunit", warn=0.2, bad=0.1, falling=True, runbook="disk-full"),
            _number("Running for", "Since the process was started.",
                    f"time() - max(process_start_time_seconds{{{_J}}})", unit="s"),
        )),
        ("Loops", (
            Panel("Last success", "Time since each loop last finished.",
                  (Q(f"time() - batcher_loop_last_success_timestamp_seconds{{{_J}}}", "{{loop}}"),), "s", bad=300,
                  runbook="loop-failing"),
            Panel("Duration", "95 % of the runs take at most.",
                  (Q(_p95("batcher_loop_duration_seconds", "loop"), "{{loop}}"),), "s"),
            Panel("Failures", "In ten minutes.",
                  (Q(_rise("batcher_loop_failures_total", "loop, code", "10m"), "{{loop}}: {{code}}"),), bad=3,
                  runbook="loop-failing"),
        )),
        ("Database and disk", (
            Panel("Database errors", "In five minutes, by code.",
                  (Q(_rise("batcher_database_errors_total", "code", "5m"), "{{code}}"),), bad=1,
                  runbook="database-errors"),
            Panel("Database", "Size of the SQLite file and of its log; 0 on a server.",
                  (Q(f"max(batcher_database_size_bytes{{{_J}}})", "size"),
                   Q(f"max(batcher_database_log_size_bytes{{{_J}}})", "log")), "bytes"),
            Panel("Free disk", "Now, and in a day if things go on as in the last six hours.",
                  (Q(f"min(batcher_disk_free_bytes{{{_J}}})", "free"),
                   Q(f"min(predict_linear(batcher_disk_free_bytes{{{_J}}}[6h], 86400))", "in a day")), "bytes",
                  runbook="disk-full"),
        )),
        ("Process", (
            Panel("Processors", "In use by the daemon; the search runs in processes of its own.",
                  (Q(_rate("process_cpu_seconds_total", "instance"), "{{instance}}"),)),
            Panel("Memory", "Resident.",
                  (Q(f"process_resident_memory_bytes{{{_J}}}", "{{instance}}"),), "bytes"),
            Panel("Open files", "Against their limit.",
                  (Q(f"process_open_fds{{{_J}}} / process_max_fds{{{_J}}}", "{{instance}}"),), "percentunit", bad=0.8),
            Panel("Epoch", "Each step is another lead.", (Q(f"batcher_leader_epoch{{{_J}}}", "{{instance}}"),),
                  width=12, low=None, runbook="leadership"),
            Panel("Version and rules", "What runs, and by which rules.",
                  (Q(f"batcher_build_info{{{_J}}}", "batcher {{version}}, Python {{python}}"),
                   Q(f"batcher_rules_info{{{_J}}}", "rules {{hash}}")), kind="states", width=12, low=None),
        )),
    ),
)  # fmt: skip

BOARDS = (FLOOR, PLANNING, SLA, INTEGRATION, PROCESS)
