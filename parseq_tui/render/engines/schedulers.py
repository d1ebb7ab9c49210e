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
    """Whether `_karras`, `_exponential`, `_sgm_uniform` and `_uniform` may follow the name."""
    trailing: bool = False
    """Whether `_sgm_uniform` and `_uniform` may, where the others may not."""
    aliases: tuple[str, ...] = ()
    calls_per_step: int = 1
    """How often the network is asked for one step (but the last); prompt schedules count calls."""
    rule: str = ""
    """The sampler of `linear_samplers` that runs over the noise levels of `diffusers_class`; "": that class's own."""

    @property
    def entries_per_step(self) -> int:
        """How often a step stands in the list of timesteps: stock schedulers list every call."""
        return 1 if self.rule else self.calls_per_step


_EULER = "EulerDiscreteScheduler"
_DPM = "DPMSolverMultistepScheduler"
_CATALOGUE = (
    Scheduler(
        "euler_a", "Euler a", "EulerAncestralDiscreteScheduler", trailing=True, aliases=("euler_ancestral", "k_euler_a")
    ),
    Scheduler("euler", "Euler", _EULER, spacings=True, aliases=("k_euler",)),
    Scheduler("heun", "Heun", "HeunDiscreteScheduler", spacings=True, aliases=("k_heun",), calls_per_step=2),
    Scheduler("dpm2", "DPM2", "KDPM2DiscreteScheduler", spacings=True, aliases=("k_dpm_2",), calls_per_step=2),
    Scheduler(
        "dpm2_a", "DPM2 a", "KDPM2AncestralDiscreteScheduler", spacings=True, aliases=("k_dpm_2_a",), calls_per_step=2
    ),
    Scheduler("dpmpp_2m", "DPM++ 2M", _DPM, {"algorithm_type": "dpmsolver++"}, spacings=True),
    Scheduler("dpmpp_2m_sde", "DPM++ 2M SDE", _DPM, {"algorithm_type": "sde-dpmsolver++"}, spacings=True),
    Scheduler(
        "dpmpp_2m_sde_heun",
        "DPM++ 2M SDE Heun",
        _DPM,
        {"algorithm_type": "sde-dpmsolver++", "solver_type": "heun"},
        spacings=True,
    ),
    Scheduler("dpmpp_3m_sde", "DPM++ 3M SDE", _DPM, {"algorithm_type": "sde-dpmsolver++", "solver_order": 3}, True),
    Scheduler("dpmpp_sde", "DPM++ SDE", _EULER, spacings=True, calls_per_step=2, rule="dpmpp_sde"),
    Scheduler("dpmpp_2s_a", "DPM++ 2S a", _EULER, spacings=True, calls_per_step=2, rule="dpmpp_2s_a"),
    Scheduler("dpmpp_2s", "DPM++ 2S", "DPMSolverSinglestepScheduler", {"lower_order_final": True}, True),
    Scheduler("lms", "LMS", _EULER, spacings=True, aliases=("k_lms", "LMSDiscreteScheduler"), rule="lms"),
    Scheduler("unipc", "UniPC", "UniPCMultistepScheduler", spacings=True, aliases=("uni_pc",)),
    Scheduler("deis", "DEIS", "DEISMultistepScheduler", spacings=True),
    Scheduler("ddim", "DDIM", "DDIMScheduler", trailing=True),
    Scheduler("ddpm", "DDPM", "DDPMScheduler"),
    Scheduler("pndm", "PLMS", "PNDMScheduler", {"skip_prk_steps": True}),
    Scheduler("lcm", "LCM", "LCMScheduler"),
    Scheduler("tcd", "TCD", "TCDScheduler"),
)
_PLAIN_SPACINGS: Mapping[str, Mapping[str, Any]] = {
    "sgm_uniform": {"timestep_spacing": "trailing"},
    "uniform": {"timestep_spacing": "linspace"},
}
_SPACINGS: Mapping[str, Mapping[str, Any]] = {
    "karras": {"use_karras_sigmas": True},
    "exponential": {"use_exponential_sigmas": True},
    **_PLAIN_SPACINGS,
}
_SPACING_TITLES = {"sgm_uniform": "SGM Uniform"}
_ALIASED_SPACINGS = {"polyexponential": "exponential", "simple": "sgm_uniform", "normal": "uniform", "automatic": ""}
"""The web UI's schedule types that place steps where another one does (polyexponential of rho 1, to a thousandth)."""
_REFUSED: Mapping[str, str] = {
    "dpmadaptive": "it chooses its steps by what it sees: use dpmpp_2m_karras",
    "dpmfast": "use dpmpp_2s_a, which makes the same calls",
    "restart": "use heun_karras, which it is built of",
    "ddimcfgpp": "it needs the negative answer by itself: use ddim",
}
"""Samplers of the web UI that cannot be a table of numbers, or are not worth one."""


def scheduler_names() -> tuple[str, ...]:
    """Every name, canonical spelling, in the order to show them."""
    return tuple(name for entry in _CATALOGUE for name in _variants(entry))


def find(name: str) -> Scheduler:
    """The entry for any spelling of a name. Raises RenderError naming the nearest."""
    key = _key(name)
    if key in _BY_KEY:
        return _BY_KEY[key]
    if key in _REFUSED:
        raise RenderError(f"the sampler {name[:60]!r} is not here", hint=_REFUSED[key])
    nearest = difflib.get_close_matches(key, _BY_KEY, n=1, cutoff=0.4)
    suggestion = f"did you mean {_BY_KEY[nearest[0]].name!r}? " if nearest else ""
    raise RenderError(
        f"there is no scheduler called {name[:60]!r}", hint=f"{suggestion}known: {', '.join(scheduler_names())}"
    )


def _key(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower().replace("+", "p"))


def _variants(entry: Scheduler) -> Mapping[str, Scheduler]:
    variants = {entry.name: entry}
    spacings = _SPACINGS if entry.spacings else _PLAIN_SPACINGS if entry.trailing else {}
    for spacing, options in spacings.items():
        title = f"{entry.title} {_SPACING_TITLES.get(spacing, spacing.title())}"
        name = f"{entry.name}_{spacing}"
        aliases = tuple(f"{alias}_{spacing}" for alias in entry.aliases)
        variants[name] = replace(
            entry,
            name=name,
            title=title,
            options={**entry.options, **options},
            aliases=aliases,
            spacings=False,
            trailing=False,
        )
    return variants


def _index() -> Mapping[str, Scheduler]:
    index: dict[str, Scheduler] = {}
    for entry in _CATALOGUE:
        if not entry.rule:
            index.setdefault(_key(entry.diffusers_class), entry)
        variants = _variants(entry)
        for variant in variants.values():
            for spelling in (variant.name, variant.title, *variant.aliases):
                index[_key(spelling)] = variant
        for alias, spacing in _ALIASED_SPACINGS.items():
            if (meant := variants.get(f"{entry.name}_{spacing}".strip("_"))) is not None:
                index.setdefault(_key(f"{entry.name}_{alias}"), meant)
                index.setdefault(_key(f"{entry.title} {alias}"), meant)
    return index


_BY_KEY = _index()
