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
from typing import Any, Literal

from parseq_tui.errors import RenderError


@dataclass(frozen=True, slots=True)
class Scheduler:
    """One sampler: the diffusers class that defines its arithmetic, and how it is set up."""

    name: str
    title: str
    """The web UI's name."""
    diffusers_class: str
    options: Mapping[str, Any] = field(default_factory=dict)
    spacings: Literal["", "trailing", "placed", "stock"] = ""
    """Which spacings may follow the name: none; two that only choose timesteps; all of them, and whether the stock
    scheduler knows the common ones by itself."""
    aliases: tuple[str, ...] = ()
    calls_per_step: int = 1
    """How often the network is asked for one step (but the last); prompt schedules count calls."""
    rule: str = ""
    """The sampler of `linear_samplers` that runs over the noise levels of `diffusers_class`; "": that class's own."""

    guidance: float = 1.0
    """What the CFG scale is multiplied by to be this sampler's own."""
    spacing: str = ""
    """The one that followed the name."""
    placing: str = ""
    """The entry of `noise_levels` that says where the steps lie; "": the stock scheduler does."""

    @property
    def base(self) -> str:
        """The name without its spacing."""
        return self.name.removesuffix(f"_{self.spacing}") if self.spacing else self.name

    @property
    def entries_per_step(self) -> int:
        """How often a step stands in the list of timesteps: stock schedulers list every call."""
        return 1 if self.rule else self.calls_per_step


_EULER = "EulerDiscreteScheduler"
_EULER_A = "EulerAncestralDiscreteScheduler"
_DPM = "DPMSolverMultistepScheduler"
_DPM2_A = "KDPM2AncestralDiscreteScheduler"
_SDE = {"algorithm_type": "sde-dpmsolver++"}
ADAPTIVE = "dpm_adaptive"
"""The rule of the one sampler that is no table: it chooses its steps by what it sees."""
_CATALOGUE = (
    Scheduler("euler_a", "Euler a", _EULER_A, spacings="placed", aliases=("euler_ancestral", "k_euler_a")),
    Scheduler("euler", "Euler", _EULER, spacings="stock", aliases=("k_euler",)),
    Scheduler("heun", "Heun", "HeunDiscreteScheduler", spacings="stock", aliases=("k_heun",), calls_per_step=2),
    Scheduler("dpm2", "DPM2", "KDPM2DiscreteScheduler", spacings="stock", aliases=("k_dpm_2",), calls_per_step=2),
    Scheduler("dpm2_a", "DPM2 a", _DPM2_A, spacings="stock", aliases=("k_dpm_2_a",), calls_per_step=2),
    Scheduler("dpmpp_2m", "DPM++ 2M", _DPM, {"algorithm_type": "dpmsolver++"}, "stock"),
    Scheduler("dpmpp_2m_sde", "DPM++ 2M SDE", _DPM, _SDE, "stock"),
    Scheduler("dpmpp_2m_sde_heun", "DPM++ 2M SDE Heun", _DPM, {**_SDE, "solver_type": "heun"}, "stock"),
    Scheduler("dpmpp_3m_sde", "DPM++ 3M SDE", _EULER, spacings="stock", rule="dpmpp_3m_sde"),
    Scheduler("dpmpp_sde", "DPM++ SDE", _EULER, spacings="stock", calls_per_step=2, rule="dpmpp_sde"),
    Scheduler("dpmpp_2s_a", "DPM++ 2S a", _EULER, spacings="stock", calls_per_step=2, rule="dpmpp_2s_a"),
    Scheduler("dpmpp_2s", "DPM++ 2S", "DPMSolverSinglestepScheduler", {"lower_order_final": True}, "stock"),
    Scheduler("dpm_fast", "DPM fast", _EULER, aliases=("k_dpm_fast",), rule="dpm_fast"),
    Scheduler("dpm_adaptive", "DPM adaptive", _EULER, aliases=("k_dpm_ad", "k_dpm_adaptive"), rule=ADAPTIVE),
    Scheduler("restart", "Restart", _EULER, calls_per_step=2, rule="restart", placing="karras"),
    Scheduler("lms", "LMS", _EULER, spacings="stock", aliases=("k_lms", "LMSDiscreteScheduler"), rule="lms"),
    Scheduler("unipc", "UniPC", "UniPCMultistepScheduler", spacings="stock", aliases=("uni_pc",)),
    Scheduler("deis", "DEIS", "DEISMultistepScheduler", spacings="stock"),
    Scheduler("ddim", "DDIM", "DDIMScheduler", spacings="trailing"),
    Scheduler("ddim_cfgpp", "DDIM CFG++", _EULER, aliases=("ddim_cfg_pp",), rule="ddim_cfgpp", guidance=1 / 12.5),
    Scheduler("ddpm", "DDPM", "DDPMScheduler"),
    Scheduler("pndm", "PLMS", "PNDMScheduler", {"skip_prk_steps": True}),
    Scheduler("lcm", "LCM", "LCMScheduler"),
    Scheduler("tcd", "TCD", "TCDScheduler"),
)
"""CFG++ takes scales between 0 and 1; the web UI's slider, which its users know, reaches 12.5 there."""
_TIMESTEPS: Mapping[str, Mapping[str, Any]] = {
    "sgm_uniform": {"timestep_spacing": "trailing"},
    "uniform": {"timestep_spacing": "linspace"},
}
_STOCK: Mapping[str, Mapping[str, Any]] = {
    "karras": {"use_karras_sigmas": True},
    "exponential": {"use_exponential_sigmas": True},
    **_TIMESTEPS,
}
SPACINGS: Mapping[str, str] = {
    "karras": "Karras",
    "exponential": "Exponential",
    "sgm_uniform": "SGM Uniform",
    "uniform": "Uniform",
    "kl_optimal": "KL Optimal",
    "align_your_steps": "Align Your Steps",
    "beta": "Beta",
    "ddim": "DDIM",
}
"""What may follow a sampler's name, and the web UI's name for it."""
_ALIASED_SPACINGS = {
    "polyexponential": "exponential",
    "simple": "sgm_uniform",
    "turbo": "sgm_uniform",
    "normal": "uniform",
    "ays": "align_your_steps",
    "ddim_uniform": "ddim",
    "automatic": "",
}
"""Schedule types that place steps where another one does (polyexponential of rho 1, to a thousandth)."""


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
    samplers, spacings = ", ".join(entry.name for entry in _CATALOGUE), ", ".join(SPACINGS)
    hint = f"{suggestion}known: {samplers}; most of them also with one of these behind the name: {spacings}"
    raise RenderError(f"there is no scheduler called {name[:60]!r}", hint=hint)


def _key(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower().replace("+", "p"))


def _variants(entry: Scheduler) -> Mapping[str, Scheduler]:
    allowed = {"": (), "trailing": tuple(_TIMESTEPS)}.get(entry.spacings, tuple(SPACINGS))
    return {entry.name: entry} | {f"{entry.name}_{spacing}": _spaced(entry, spacing) for spacing in allowed}


def _spaced(entry: Scheduler, spacing: str) -> Scheduler:
    known = _TIMESTEPS if entry.spacings != "stock" else _STOCK
    return replace(
        entry,
        name=f"{entry.name}_{spacing}",
        title=f"{entry.title} {SPACINGS[spacing]}",
        options={**entry.options, **known.get(spacing, {})},
        aliases=tuple(f"{alias}_{spacing}" for alias in entry.aliases),
        spacings="",
        spacing=spacing,
        placing="" if spacing in known else spacing,
    )


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
