"""Which samplers there are, under the names people know: the web UI's, diffusers' and short ones. No torch.

Owns the catalogue; `scheduler_table` turns an entry into numbers. Any spelling of a name leads to the same entry:

>>> find("DPM++ 2M SDE Karras").name
'dpmpp_2m_sde_karras'
>>> find("EulerAncestralDiscreteScheduler").name
'euler_a'
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from parseq_tui.errors import RenderError


@dataclass(frozen=True, slots=True)
class Scheduler:
    """One sampler: the diffusers class that defines its arithmetic, and how it is set up."""

    name: str
    title: str
    """The web UI's name."""
    diffusers_class: str
    options: Mapping[str, Any] = field(default_factory=dict)
    spacings: bool = False
    """Whether `_karras` and `_exponential` may follow the name."""
    aliases: tuple[str, ...] = ()
    calls_per_step: int = 1
    """How often the network is asked for one step (but the last); prompt schedules count calls."""


_DPM = "DPMSolverMultistepScheduler"
_CATALOGUE = (
    Scheduler("euler_a", "Euler a", "EulerAncestralDiscreteScheduler", aliases=("euler_ancestral", "k_euler_a")),
    Scheduler("euler", "Euler", "EulerDiscreteScheduler", spacings=True, aliases=("k_euler",)),
    Scheduler("heun", "Heun", "HeunDiscreteScheduler", spacings=True, aliases=("k_heun",), calls_per_step=2),
    Scheduler("dpm2", "DPM2", "KDPM2DiscreteScheduler", spacings=True, aliases=("k_dpm_2",), calls_per_step=2),
    Scheduler(
        "dpm2_a", "DPM2 a", "KDPM2AncestralDiscreteScheduler", spacings=True, aliases=("k_dpm_2_a",), calls_per_step=2
    ),
    Scheduler("dpmpp_2m", "DPM++ 2M", _DPM, {"algorithm_type": "dpmsolver++"}, spacings=True),
    Scheduler("dpmpp_2m_sde", "DPM++ 2M SDE", _DPM, {"algorithm_type": "sde-dpmsolver++"}, spacings=True),
    Scheduler("dpmpp_2s", "DPM++ 2S", "DPMSolverSinglestepScheduler", {"lower_order_final": True}, True),
    Scheduler("unipc", "UniPC", "UniPCMultistepScheduler", spacings=True, aliases=("uni_pc",)),
    Scheduler("deis", "DEIS", "DEISMultistepScheduler", spacings=True),
    Scheduler("ddim", "DDIM", "DDIMScheduler"),
    Scheduler("ddpm", "DDPM", "DDPMScheduler"),
    Scheduler("pndm", "PLMS", "PNDMScheduler", {"skip_prk_steps": True}),
    Scheduler("lcm", "LCM", "LCMScheduler"),
    Scheduler("tcd", "TCD", "TCDScheduler"),
)
_SPACINGS = {"karras": {"use_karras_sigmas": True}, "exponential": {"use_exponential_sigmas": True}}


def scheduler_names() -> tuple[str, ...]:
    """Every name, canonical spelling, in the order to show them."""
    return tuple(name for entry in _CATALOGUE for name in _variants(entry))


def find(name: str) -> Scheduler:
    """The entry for any spelling of a name. Raises RenderError naming the nearest."""
    key = _key(name)
    if key in _BY_KEY:
        return _BY_KEY[key]
    nearest = difflib.get_close_matches(key, _BY_KEY, n=1, cutoff=0.4)
    suggestion = f"did you mean {_BY_KEY[nearest[0]].name!r}? " if nearest else ""
    raise RenderError(
        f"there is no scheduler called {name[:60]!r}", hint=f"{suggestion}known: {', '.join(scheduler_names())}"
    )


def _key(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower().replace("+", "p"))


def _variants(entry: Scheduler) -> Mapping[str, Scheduler]:
    variants = {entry.name: entry}
    for spacing, options in _SPACINGS.items() if entry.spacings else ():
        name, title = f"{entry.name}_{spacing}", f"{entry.title} {spacing.title()}"
        aliases = tuple(f"{alias}_{spacing}" for alias in entry.aliases)
        variants[name] = replace(
            entry, name=name, title=title, options={**entry.options, **options}, aliases=aliases, spacings=False
        )
    return variants


def _index() -> Mapping[str, Scheduler]:
    index: dict[str, Scheduler] = {}
    for entry in _CATALOGUE:
        index.setdefault(_key(entry.diffusers_class), entry)
        for variant in _variants(entry).values():
            for spelling in (variant.name, variant.title, *variant.aliases):
                index[_key(spelling)] = variant
    return index


_BY_KEY = _index()
