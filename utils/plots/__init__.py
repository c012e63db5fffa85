"""Every figure of the workbook: functions take data, draw, and return their Axes.

Nothing here trains, loads data or calls ``plt.show()``; the style is in
``utils/workbook.mplstyle``.
"""

from utils.plots.comparisons import (
    plot_ablation,
    plot_class_accuracies,
    plot_layer_speed,
    plot_step_parts,
    show_confusions,
    show_surprises,
)
from utils.plots.effective_fields import (
    plot_agreement,
    plot_influences,
    plot_power_law,
    plot_profiles,
)
from utils.plots.files import save_figure
from utils.plots.network_views import show_reasons, show_whitening
from utils.plots.pictures import (
    WIDTH,
    show_filters,
    show_grids,
    show_images,
    show_sharing,
)
from utils.plots.receptive_fields import (
    OKABE_ITO,
    plot_blind_spots,
    plot_cone,
    plot_cones,
    plot_coverage,
    plot_fields_on_image,
    plot_growth,
)
from utils.plots.results import (
    compare_timings,
    plot_curves,
    plot_history,
    plot_ladder,
    plot_panels,
    show_confusion,
    show_histograms,
)
from utils.plots.sweeps import plot_importance, plot_slices
from utils.plots.training import LivePlot, plot_training
from utils.plots.training_runs import (
    plot_frontier,
    plot_learning,
    plot_race,
    plot_rate_search,
)

__all__ = [
    "LivePlot",
    "OKABE_ITO",
    "WIDTH",
    "compare_timings",
    "plot_ablation",
    "plot_agreement",
    "plot_blind_spots",
    "plot_class_accuracies",
    "plot_cone",
    "plot_cones",
    "plot_coverage",
    "plot_curves",
    "plot_fields_on_image",
    "plot_frontier",
    "plot_growth",
    "plot_history",
    "plot_importance",
    "plot_influences",
    "plot_ladder",
    "plot_layer_speed",
    "plot_learning",
    "plot_panels",
    "plot_power_law",
    "plot_profiles",
    "plot_race",
    "plot_rate_search",
    "plot_slices",
    "plot_step_parts",
    "plot_training",
    "save_figure",
    "show_confusion",
    "show_confusions",
    "show_filters",
    "show_grids",
    "show_histograms",
    "show_images",
    "show_reasons",
    "show_sharing",
    "show_surprises",
    "show_whitening",
]
