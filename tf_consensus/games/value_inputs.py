"""Which inputs of TensorFlow's operations matter by their values, and not by shape or place."""

# Their outputs depend on an input's shape only.
VALUE_FREE = frozenset(
    {"Shape", "ShapeN", "Size", "Rank", "ZerosLike", "OnesLike", "VariableShape", "EmptyTensorList"}
    | {
        "BroadcastGradientArgs",
        "TensorListElementShape",
        "TensorListLength",
        "Const",
        "ConcatOffset",
    }
)

# Some inputs of these only say which entries, axes or shapes: the positions of the other inputs.
VALUE_INPUTS = {
    "Reshape": (0,),
    "BroadcastTo": (0,),
    "Tile": (0,),
    "Transpose": (0,),
    "ConjugateTranspose": (0,),
    "ExpandDims": (0,),
    "Sum": (0,),
    "Mean": (0,),
    "Max": (0,),
    "Min": (0,),
    "Prod": (0,),
    "EuclideanNorm": (0,),
    "Cumsum": (0,),
    "Cumprod": (0,),
    "Slice": (0,),
    "StridedSlice": (0,),
    "StridedSliceGrad": (4,),
    "Pad": (0,),
    "PadV2": (0, 2),
    "MirrorPad": (0,),
    "MirrorPadGrad": (0,),
    "ReverseV2": (0,),
    "Roll": (0,),
    "Split": (1,),
    "SplitV": (0,),
    "Fill": (1,),
    "GatherV2": (0,),
    "GatherNd": (0,),
    "ResourceGather": (0,),
    "ScatterNd": (1,),
    "UnsortedSegmentSum": (0,),
    "UnsortedSegmentMax": (0,),
    "UnsortedSegmentMin": (0,),
    "SegmentSum": (0,),
    "InvertPermutation": (),
    "SpaceToBatchND": (0,),
    "BatchToSpaceND": (0,),
    "OneHot": (0, 2, 3),
    "ResizeBicubicGrad": (0,),
    "ResizeBilinearGrad": (0,),
    "ScaleAndTranslateGrad": (0, 2, 3),
}
