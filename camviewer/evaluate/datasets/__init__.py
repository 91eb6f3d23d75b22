"""Pictures with what a person marked on them."""

from camviewer.evaluate.datasets.coco import coco, coco_files
from camviewer.evaluate.datasets.masks import masks
from camviewer.evaluate.datasets.reading import FORMATS, read
from camviewer.evaluate.datasets.sample import Annotations, Mask, Sample, Truth
from camviewer.evaluate.datasets.voc import annotation_files, pascal_voc
from camviewer.evaluate.datasets.yolo import is_yolo, yolo

__all__ = [
    "FORMATS",
    "Annotations",
    "Mask",
    "Sample",
    "Truth",
    "annotation_files",
    "coco",
    "coco_files",
    "is_yolo",
    "masks",
    "pascal_voc",
    "read",
    "yolo",
]
