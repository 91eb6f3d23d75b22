"""What photographs of the held-out splits really show, as far as a person saw it.

The figures of the model card were measured with the photographs of
EliSchwartz/imagenet-sample-images. Some of them show lettering, wheels or sails: there nobody may
count an alarm as false, nor the class as absent.
"""

SHOWS: dict[str, tuple[str, ...]] = {
    "n01667778_terrapin": ("text",),
    "n01689811_alligator_lizard": ("text",),
    "n01728572_thunder_snake": ("text",),
    "n01749939_green_mamba": ("text",),
    "n01795545_black_grouse": ("text",),
    "n01914609_sea_anemone": ("text",),
    "n02071294_killer_whale": ("text",),
    "n02085782_Japanese_spaniel": ("text",),
    "n02086646_Blenheim_spaniel": ("text",),
    "n02088632_bluetick": ("text",),
    "n02493509_titi": ("text",),
    "n02835271_bicycle-built-for-two": ("circle",),
    "n02951358_canoe": ("text", "circle"),
    "n02981792_catamaran": ("triangle",),
    "n03131574_crib": ("text",),
    "n03259280_Dutch_oven": ("circle",),
    "n03379051_football_helmet": ("text",),
    "n03492542_hard_disc": ("text", "circle", "barcode"),
    "n03498962_hatchet": ("text",),
    "n03544143_hourglass": ("text",),
    "n03599486_jinrikisha": ("text", "circle"),
    "n03627232_knot": ("triangle",),
    "n03673027_liner": ("text",),
    "n03792972_mountain_tent": ("triangle",),
    "n03857828_oscilloscope": ("text", "circle"),
    "n03871628_packet": ("text",),
    "n03876231_paintbrush": ("text", "circle"),
    "n03976467_Polaroid_camera": ("text", "circle"),
    "n04208210_shovel": ("text",),
    "n04266014_space_shuttle": ("text",),
    "n04310018_steam_locomotive": ("text", "circle"),
    "n04332243_strainer": ("circle",),
    "n04367480_swab": ("text", "circle", "star"),
    "n04461696_tow_truck": ("circle",),
    "n04476259_tray": ("text",),
    "n04553703_washbasin": ("circle",),
    "n04589890_window_screen": ("text",),
    "n06359193_web_site": ("text",),
    "n07753113_fig": ("circle",),
    "n07760859_custard_apple": ("text",),
    "n07836838_chocolate_sauce": ("circle",),
}
"""Classes that a photograph shows, by the stem of its file name."""
