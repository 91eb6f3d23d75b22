"""The embedded starter classifier: its classes, the renderer that draws them, the recipe."""

LABELS = (
    "QR code",
    "barcode",
    "chessboard",
    "text",
    "arrow",
    "star",
    "circle",
    "triangle",
    "cross",
    "crack",
)
