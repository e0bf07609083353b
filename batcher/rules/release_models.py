"""
The shape of release bounds, wherever a rules file gives them: for all, a batch rule, a process, a product, a service.

What they do is `planning.release`'s work.
"""

from typing import Literal, Self

from pydantic import model_validator

from batcher.rules.grammar import refuse
from batcher.rules.shape import Shape, key
from batcher.rules.values import Days, Duration, Share, Time


class ClosingShape(Shape):
    """A weekly moment at which the waiting batches of a rule close."""

    days: Days = key(default="mon-sun", description="On which weekdays.", examples=["mon-fri"])
    at: Time = key(description="At which local time.", examples=["16:00"])


class ReleaseShape(Shape):
    """
    When a batch may, and must, stop waiting: bounds around the release policy.

    The section `release` holds for all; the key `release` of a batch rule, a process, a product and a service changes
    single values of it, each of these over the ones before.
    """

    slack_floor: Duration | None = key(
        default=None,
        description="The least slack: kept between the end of the last step and the latest moment in time. "
        "Left out everywhere: 1 h.",
        examples=["1 h"],
    )
    max_wait: Duration | None = key(
        default=None,
        description="Its oldest job waits no longer. Left out everywhere: as long as it pays.",
        examples=["36 h"],
    )
    min_fill: Share | None = key(
        default=None,
        description="Under it a closing time does not release the batch, when `below_minimum` is hold. "
        "Left out everywhere: 0 %.",
        examples=["50 %"],
    )
    target_fill: Share | None = key(
        default=None, description="From here on a batch counts as full. Left out everywhere: 100 %.", examples=["90 %"]
    )
    close_at: list[ClosingShape] | None = key(
        default=None,
        description="Weekly moments at which what waits is released.",
        examples=['[{days: mon-fri, at: "16:00"}]'],
    )
    below_minimum: Literal["run", "hold"] | None = key(
        default=None,
        description="What becomes of a batch under `min_fill` at a closing time. Left out everywhere: run.",
        examples=["hold"],
    )
    forecast: bool | None = key(
        default=None,
        description="Release a part-full batch as soon as one more piece, as past weeks let expect it, would save less "
        "than waiting for it risks. Left out everywhere: false.",
        examples=[True],
    )
    fill_up_window: Duration | None = key(
        default=None,
        description="What leaves later than its first due piece by more than this is not put in to fill it up. "
        "Left out everywhere: however late it leaves.",
        examples=["48 h"],
    )
    exact: bool | None = key(
        default=None,
        description="Only completely full batches, until the latest start comes. Left out everywhere: false.",
        examples=[True],
    )

    @model_validator(mode="after")
    def _fills_ordered(self) -> Self:
        least, full = self.min_fill, self.target_fill
        if least is not None and full is not None and least > full:
            raise refuse("range", f"min_fill {least:.0%} is more than target_fill {full:.0%}")
        return self
