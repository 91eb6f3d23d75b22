"""Methods that change the picture or the activation and watch the score."""

from __future__ import annotations

from camviewer.cam.methods.method import Family, Method, serves_all
from camviewer.cam.methods.perturbation.ablation import ablation_cam, replays_head
from camviewer.cam.methods.perturbation.masked_input import is_cam, score_cam, ss_cam
from camviewer.cam.methods.perturbation.occlusion import occlusion
from camviewer.cam.methods.perturbation.rise import rise

METHODS = (
    Method(
        name="score-cam",
        title="Score-CAM",
        family=Family.PERTURBATION,
        summary="No gradients: channels weighed by the score of the picture seen through them.",
        paper="Wang et al. 2020, Score-CAM: Score-Weighted Visual Explanations for Convolutional "
        "Neural Networks",
        steps=score_cam,
        obstacle=serves_all,
        slow=True,
    ),
    Method(
        name="ss-cam",
        title="SS-CAM",
        family=Family.PERTURBATION,
        summary="Score-CAM averaged over noisy masks: ten times its price.",
        paper="Wang, Naidu et al. 2020, SS-CAM: Smoothed Score-CAM for Sharper Visual Feature "
        "Localization",
        steps=ss_cam,
        obstacle=serves_all,
        slow=True,
    ),
    Method(
        name="is-cam",
        title="IS-CAM",
        family=Family.PERTURBATION,
        summary="Score-CAM averaged over ten brightnesses of the picture: ten times its price.",
        paper="Naidu et al. 2020, IS-CAM: Integrated Score-CAM for axiomatic-based explanations",
        steps=is_cam,
        obstacle=serves_all,
        slow=True,
    ),
    Method(
        name="ablation-cam",
        title="Ablation-CAM",
        family=Family.PERTURBATION,
        summary="No gradients: channels weighed by what the score loses without them. Instant at "
        "layers that only average pooling and one linear layer follow.",
        paper="Desai & Ramaswamy 2020, Ablation-CAM: Visual Explanations for Deep Convolutional "
        "Network via Gradient-free Localization",
        steps=ablation_cam,
        obstacle=replays_head,
        slow=True,
    ),
    Method(
        name="occlusion",
        title="Occlusion sensitivity",
        family=Family.PERTURBATION,
        summary="Any network: what the score loses when a patch covers the picture here.",
        paper="Zeiler & Fergus 2014, Visualizing and Understanding Convolutional Networks",
        steps=occlusion,
        obstacle=serves_all,
        slow=True,
        layered=False,
    ),
    Method(
        name="rise",
        title="RISE",
        family=Family.PERTURBATION,
        summary="Any network: the score behind a thousand random masks.",
        paper="Petsiuk et al. 2018, RISE: Randomized Input Sampling for Explanation of Black-box "
        "Models",
        steps=rise,
        obstacle=serves_all,
        slow=True,
        layered=False,
    ),
)
