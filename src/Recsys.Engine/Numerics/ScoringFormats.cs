using System.Runtime.CompilerServices;

namespace Recsys.Engine.Numerics;

/// <summary>A user's factors, packed for one storage format.</summary>
/// <param name="Data">Padded factors, in the format's form.</param>
/// <param name="Groups">How many pairs (or quads) of factors.</param>
/// <param name="Scale">What int8 sums are multiplied by.</param>
/// <param name="Bias">What int8 sums start from.</param>
internal readonly unsafe record struct ScoringQuery(nint Data, int Groups, float Scale, int Bias)
{
    public float* Floats => (float*)Data;

    public int* Integers => (int*)Data;
}

/// <summary>
/// How factors of sixteen items are stored in a block, factor by factor, and scored. Every format sums even and odd
/// factors in two chains, so that float formats give the same bits at every vector width and batch size.
/// </summary>
internal unsafe interface IScoringFormat
{
    /// <summary>k rounded up to what a group holds.</summary>
    static abstract int Pad(int k);

    /// <summary>Bytes of a block of 16 items with <paramref name="k"/> factors; a multiple of 64.</summary>
    static abstract int BlockBytes(int k);

    /// <summary>Stores a factor vector as item <paramref name="lane"/> of a zeroed block.</summary>
    static abstract void Encode(ReadOnlySpan<float> factors, byte* block, int lane);

    /// <summary>A factor as it is stored.</summary>
    static abstract double Stored(byte* block, int padded, int lane, int factor);

    /// <summary>Packs a user's factors into Pad(k) floats of <paramref name="target"/>.</summary>
    static abstract ScoringQuery Pack(ReadOnlySpan<float> user, float* target);

    /// <summary>Scores of the sixteen items of a block.</summary>
    static abstract TLanes Score<TLanes>(byte* block, in ScoringQuery query)
        where TLanes : unmanaged, IScoringLanes<TLanes>;

    /// <summary>A block as float32, 16 floats a factor; only for formats with scores that are plain sums of them.</summary>
    static abstract void Decode<TLanes>(byte* block, int padded, float* target)
        where TLanes : unmanaged, IScoringLanes<TLanes>;
}

/// <summary>Float32: 64 bytes a factor.</summary>
internal readonly unsafe struct Float32Format : IScoringFormat
{
    public static int Pad(int k) => (k + 1) & ~1;

    public static int BlockBytes(int k) => Pad(k) * 64;

    public static void Encode(ReadOnlySpan<float> factors, byte* block, int lane)
    {
        for (int f = 0; f < factors.Length; f++)
        {
            ((float*)block)[(16 * f) + lane] = factors[f];
        }
    }

    public static double Stored(byte* block, int padded, int lane, int factor) => ((float*)block)[(16 * factor) + lane];

    public static ScoringQuery Pack(ReadOnlySpan<float> user, float* target) => PackFloats(user, target, 1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Score<TLanes>(byte* block, in ScoringQuery query)
        where TLanes : unmanaged, IScoringLanes<TLanes>
    {
        float* b = (float*)block;
        float* u = query.Floats;
        float* end = u + (2 * query.Groups);
        var even = TLanes.Zero;
        var odd = TLanes.Zero;
        for (; u + 8 <= end; u += 8, b += 128)
        {
            even = TLanes.MultiplyAdd(TLanes.Load(b), TLanes.Broadcast(u[0]), even);
            odd = TLanes.MultiplyAdd(TLanes.Load(b + 16), TLanes.Broadcast(u[1]), odd);
            even = TLanes.MultiplyAdd(TLanes.Load(b + 32), TLanes.Broadcast(u[2]), even);
            odd = TLanes.MultiplyAdd(TLanes.Load(b + 48), TLanes.Broadcast(u[3]), odd);
            even = TLanes.MultiplyAdd(TLanes.Load(b + 64), TLanes.Broadcast(u[4]), even);
            odd = TLanes.MultiplyAdd(TLanes.Load(b + 80), TLanes.Broadcast(u[5]), odd);
            even = TLanes.MultiplyAdd(TLanes.Load(b + 96), TLanes.Broadcast(u[6]), even);
            odd = TLanes.MultiplyAdd(TLanes.Load(b + 112), TLanes.Broadcast(u[7]), odd);
        }

        for (; u < end; u += 2, b += 32)
        {
            even = TLanes.MultiplyAdd(TLanes.Load(b), TLanes.Broadcast(u[0]), even);
            odd = TLanes.MultiplyAdd(TLanes.Load(b + 16), TLanes.Broadcast(u[1]), odd);
        }

        return TLanes.Add(even, odd);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Decode<TLanes>(byte* block, int padded, float* target)
        where TLanes : unmanaged, IScoringLanes<TLanes> => throw new NotSupportedException();

    /// <summary>Floats padded with zeros, times <paramref name="scale"/>.</summary>
    internal static ScoringQuery PackFloats(ReadOnlySpan<float> user, float* target, float scale)
    {
        for (int f = 0; f < user.Length; f++)
        {
            target[f] = user[f] * scale;
        }

        if ((user.Length & 1) != 0)
        {
            target[user.Length] = 0;
        }

        return new ScoringQuery((nint)target, (user.Length + 1) / 2, 1, 0);
    }
}

/// <summary>Bfloat16: 64 bytes a pair of factors.</summary>
internal readonly unsafe struct BFloat16Format : IScoringFormat
{
    public static int Pad(int k) => (k + 1) & ~1;

    public static int BlockBytes(int k) => Pad(k) * 32;

    public static void Encode(ReadOnlySpan<float> factors, byte* block, int lane)
    {
        for (int f = 0; f < factors.Length; f++)
        {
            ((ushort*)block)[(32 * (f >> 1)) + (2 * lane) + (f & 1)] = BFloat16.FromSingle(factors[f]);
        }
    }

    public static double Stored(byte* block, int padded, int lane, int factor) =>
        BFloat16.ToSingle(((ushort*)block)[(32 * (factor >> 1)) + (2 * lane) + (factor & 1)]);

    public static ScoringQuery Pack(ReadOnlySpan<float> user, float* target) => Float32Format.PackFloats(user, target, 1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Score<TLanes>(byte* block, in ScoringQuery query)
        where TLanes : unmanaged, IScoringLanes<TLanes>
    {
        float* u = query.Floats;
        float* end = u + (2 * query.Groups);
        var even = TLanes.Zero;
        var odd = TLanes.Zero;
        for (; u < end; u += 2, block += 64)
        {
            TLanes.LoadBFloat16Pairs(block, out var e, out var o);
            even = TLanes.MultiplyAdd(e, TLanes.Broadcast(u[0]), even);
            odd = TLanes.MultiplyAdd(o, TLanes.Broadcast(u[1]), odd);
        }

        return TLanes.Add(even, odd);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Decode<TLanes>(byte* block, int padded, float* target)
        where TLanes : unmanaged, IScoringLanes<TLanes>
    {
        for (int f = 0; f < padded; f += 2, block += 64)
        {
            TLanes.LoadBFloat16Pairs(block, out var even, out var odd);
            TLanes.Store(even, target + (16 * f));
            TLanes.Store(odd, target + (16 * f) + 16);
        }
    }
}

/// <summary>
/// Float16 (IEEE half): 64 bytes a pair of factors. Its exponent moves into a float32's without being rebased, i.e. the
/// values come out 2⁻¹¹² times what they are; the user's factors carry half of that, the sums the other half.
/// </summary>
internal readonly unsafe struct Float16Format : IScoringFormat
{
    // 2⁵⁶ and 2¹¹².
    private static readonly float HalfRebase = BitConverter.UInt32BitsToSingle((127u + 56) << 23);
    private static readonly float Rebase = BitConverter.UInt32BitsToSingle((127u + 112) << 23);

    public static int Pad(int k) => (k + 1) & ~1;

    public static int BlockBytes(int k) => Pad(k) * 32;

    public static void Encode(ReadOnlySpan<float> factors, byte* block, int lane)
    {
        for (int f = 0; f < factors.Length; f++)
        {
            ((Half*)block)[(32 * (f >> 1)) + (2 * lane) + (f & 1)] = (Half)factors[f];
        }
    }

    public static double Stored(byte* block, int padded, int lane, int factor) =>
        (double)((Half*)block)[(32 * (factor >> 1)) + (2 * lane) + (factor & 1)];

    public static ScoringQuery Pack(ReadOnlySpan<float> user, float* target) =>
        Float32Format.PackFloats(user, target, HalfRebase) with { Scale = HalfRebase };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Score<TLanes>(byte* block, in ScoringQuery query)
        where TLanes : unmanaged, IScoringLanes<TLanes>
    {
        float* u = query.Floats;
        float* end = u + (2 * query.Groups);
        var even = TLanes.Zero;
        var odd = TLanes.Zero;
        for (; u < end; u += 2, block += 64)
        {
            TLanes.LoadFloat16Pairs(block, out var e, out var o);
            even = TLanes.MultiplyAdd(e, TLanes.Broadcast(u[0]), even);
            odd = TLanes.MultiplyAdd(o, TLanes.Broadcast(u[1]), odd);
        }

        return TLanes.Multiply(TLanes.Add(even, odd), TLanes.Broadcast(query.Scale));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Decode<TLanes>(byte* block, int padded, float* target)
        where TLanes : unmanaged, IScoringLanes<TLanes>
    {
        var rebase = TLanes.Broadcast(Rebase);
        for (int f = 0; f < padded; f += 2, block += 64)
        {
            TLanes.LoadFloat16Pairs(block, out var even, out var odd);
            TLanes.Store(TLanes.Multiply(even, rebase), target + (16 * f));
            TLanes.Store(TLanes.Multiply(odd, rebase), target + (16 * f) + 16);
        }
    }
}

/// <summary>
/// Int8 with one scale an item: 64 bytes a quad of factors, then the sixteen scales. The user's factors are int16, so
/// that only the items' rounding is lost. Even factors are stored 128 too high (unsigned), which saves their sign
/// extension; the sums start from −128 times the user's even factors to make up for it.
/// </summary>
internal readonly unsafe struct Int8Format : IScoringFormat
{
    public static int Pad(int k) => (k + 3) & ~3;

    public static int BlockBytes(int k) => (Pad(k) * 16) + 64;

    public static void Encode(ReadOnlySpan<float> factors, byte* block, int lane)
    {
        float largest = 0;
        foreach (float x in factors)
        {
            largest = Math.Max(largest, Math.Abs(x));
        }

        int padded = Pad(factors.Length);
        float scale = largest / 127;
        double inverse = scale > 0 ? 1.0 / scale : 0;
        for (int f = 0; f < padded; f++)
        {
            double x = f < factors.Length ? Math.Clamp(Math.Round(factors[f] * inverse), -127, 127) : 0;
            block[(64 * (f >> 2)) + (4 * lane) + (f & 3)] = (byte)((int)x + ((f & 1) == 0 ? 128 : 0));
        }

        ((float*)(block + (16 * padded)))[lane] = scale;
    }

    public static double Stored(byte* block, int padded, int lane, int factor)
    {
        byte stored = block[(64 * (factor >> 2)) + (4 * lane) + (factor & 3)];
        int value = (factor & 1) == 0 ? stored - 128 : (sbyte)stored;
        return (double)value * ((float*)(block + (16 * padded)))[lane];
    }

    /// <summary>
    /// Steps a unit of the user's factors: as fine as int16 allows while no partial sum, offsets included, can leave int32.
    /// </summary>
    public static double Finest(double largest, double sum) => largest == 0 ? 1 : Math.Min(32767 / largest, 2.0e9 / 383 / sum);

    public static ScoringQuery Pack(ReadOnlySpan<float> user, float* target)
    {
        double largest = 0;
        double sum = 0;
        foreach (float x in user)
        {
            largest = Math.Max(largest, Math.Abs(x));
            sum += Math.Abs(x);
        }

        double finest = Finest(largest, sum);
        int* packed = (int*)target;
        int even = 0;
        for (int f = 0; f < user.Length; f += 4)
        {
            int u0 = At(user, f), u1 = At(user, f + 1), u2 = At(user, f + 2), u3 = At(user, f + 3);
            packed[f >> 1] = (u0 & 0xFFFF) | (u2 << 16);
            packed[(f >> 1) + 1] = (u1 & 0xFFFF) | (u3 << 16);
            even += u0 + u2;
        }

        return new ScoringQuery((nint)target, (user.Length + 3) / 4, (float)(1 / finest), -128 * even);

        int At(ReadOnlySpan<float> user, int f) => f < user.Length ? (int)Math.Round(user[f] * finest) : 0;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Score<TLanes>(byte* block, in ScoringQuery query)
        where TLanes : unmanaged, IScoringLanes<TLanes>
    {
        int* u = query.Integers;
        int* end = u + (2 * query.Groups);
        var sums = TLanes.BroadcastInt32(query.Bias);
        for (; u < end; u += 2, block += 64)
        {
            sums = TLanes.AddInt8Quads(sums, block, u[0], u[1]);
        }

        var scales = TLanes.Multiply(TLanes.Load((float*)block), TLanes.Broadcast(query.Scale));
        return TLanes.Multiply(TLanes.FromInt32(sums), scales);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Decode<TLanes>(byte* block, int padded, float* target)
        where TLanes : unmanaged, IScoringLanes<TLanes> => throw new NotSupportedException();
}
