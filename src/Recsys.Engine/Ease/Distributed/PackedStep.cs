using Recsys.Engine.Numerics;

namespace Recsys.Engine.Ease.Distributed;

/// <summary>What a host needs of one pivot's step, in the order in which kernels read it.</summary>
internal sealed unsafe class PackedStep
{
    private readonly NativeBuffer<float> _left;
    private readonly NativeBuffer<float> _right;
    private readonly NativeBuffer<float> _pivot;
    private readonly nint _square;
    private readonly bool[] _packed;

    public PackedStep(int chunks, SweepKernel kernel)
    {
        _square = kernel.Square;
        _packed = new bool[chunks];
        _left = new NativeBuffer<float>((long)chunks * _square);
        _right = new NativeBuffer<float>((long)chunks * _square);
        _pivot = new NativeBuffer<float>(3 * (long)_square);
    }

    /// <summary>Whether the panel's block of a block row is here already: its maker, on this host, has packed it in passing.</summary>
    public bool IsPacked(int chunk) => Volatile.Read(ref _packed[chunk]);

    public void SetPacked(int chunk) => Volatile.Write(ref _packed[chunk], true);

    /// <summary>To be used for another pivot.</summary>
    public void Clear() => Array.Clear(_packed);

    /// <summary>L⁻¹ as it is.</summary>
    public float* Inverse => _pivot.Pointer;

    /// <summary>L⁻¹ packed.</summary>
    public float* Forward => _pivot.Pointer + _square;

    /// <summary>Its transpose packed.</summary>
    public float* Backward => _pivot.Pointer + (2 * _square);

    /// <summary>−Y of a block row as left operand.</summary>
    public float* Left(int chunk) => _left.Pointer + (chunk * _square);

    /// <summary>Y of a block row as right operand.</summary>
    public float* Right(int chunk) => _right.Pointer + (chunk * _square);
}
