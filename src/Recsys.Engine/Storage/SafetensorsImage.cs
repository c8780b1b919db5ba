namespace Recsys.Engine.Storage;

/// <summary>
/// A safetensors file as it is going to be: read once, front to back, from its header and from the memory of its arrays,
/// row by row without padding.
/// </summary>
internal sealed unsafe class SafetensorsImage
{
    private readonly IReadOnlyDictionary<string, Tensor> _arrays;
    private readonly byte[] _header;
    private int _array = -1; // the header
    private long _within;

    /// <summary>The file of these arrays, whose memory must stay as it is until all has been read.</summary>
    public SafetensorsImage(IReadOnlyDictionary<string, Tensor> arrays)
    {
        _arrays = arrays;
        (_header, Tensors) = SafetensorsHeader.Build(arrays);
        Bytes = _header.Length + Tensors.Sum(t => t.Bytes);
    }

    /// <summary>The arrays, in the order of the file.</summary>
    public IReadOnlyList<TensorInfo> Tensors { get; }

    /// <summary>Bytes of the file.</summary>
    public long Bytes { get; }

    /// <summary>Bytes that have been read.</summary>
    public long Position { get; private set; }

    /// <summary>The next bytes: as many as fit, and at the end what is left. Returns how many.</summary>
    public int Read(Span<byte> to)
    {
        int filled = 0;
        while (filled < to.Length && Position < Bytes)
        {
            var piece = Piece(to.Length - filled);
            piece.CopyTo(to[filled..]);
            filled += piece.Length;
            Position += piece.Length;
            _within += piece.Length;
        }

        GC.KeepAlive(this); // and with it what keeps the arrays
        return filled;
    }

    /// <summary>At most so many of the next bytes, as they lie in memory together.</summary>
    private ReadOnlySpan<byte> Piece(int most)
    {
        while (_within == (_array < 0 ? _header.Length : Tensors[_array].Bytes))
        {
            _array++;
            _within = 0;
        }

        if (_array < 0)
        {
            return _header.AsSpan((int)_within, (int)Math.Min(most, _header.Length - _within));
        }

        var (info, tensor) = (Tensors[_array], _arrays[Tensors[_array].Name]);
        long payload = TensorLayout.RowPayload(tensor.Type, tensor.Shape);
        if (tensor.Shape.Count < 2 || tensor.RowBytes == payload)
        {
            return new ReadOnlySpan<byte>(tensor.Data + _within, (int)Math.Min(most, info.Bytes - _within));
        }

        (long row, long at) = Math.DivRem(_within, payload);
        return new ReadOnlySpan<byte>(tensor.Data + (row * tensor.RowBytes) + at, (int)Math.Min(most, payload - at));
    }
}
