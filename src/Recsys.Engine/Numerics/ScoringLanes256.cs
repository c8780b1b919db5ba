using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Recsys.Engine.Numerics;

/// <summary>Sixteen floats in two 256-bit registers.</summary>
internal readonly unsafe struct ScoringLanes256(Vector256<float> lower, Vector256<float> upper) : IScoringLanes<ScoringLanes256>
{
    private readonly Vector256<float> _lower = lower;
    private readonly Vector256<float> _upper = upper;

    public static ScoringLanes256 Zero => new(Vector256<float>.Zero, Vector256<float>.Zero);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ScoringLanes256 Load(float* source) => new(Vector256.Load(source), Vector256.Load(source + 8));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ScoringLanes256 Broadcast(float value)
    {
        var all = Vector256.Create(value);
        return new(all, all);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ScoringLanes256 MultiplyAdd(ScoringLanes256 a, ScoringLanes256 b, ScoringLanes256 c) => new(
        Vector256.FusedMultiplyAdd(a._lower, b._lower, c._lower),
        Vector256.FusedMultiplyAdd(a._upper, b._upper, c._upper));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ScoringLanes256 Add(ScoringLanes256 a, ScoringLanes256 b) => new(a._lower + b._lower, a._upper + b._upper);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ScoringLanes256 Multiply(ScoringLanes256 a, ScoringLanes256 b) => new(a._lower * b._lower, a._upper * b._upper);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ScoringLanes256 Xor(ScoringLanes256 a, ScoringLanes256 b) => new(a._lower ^ b._lower, a._upper ^ b._upper);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint GreaterThan(ScoringLanes256 a, ScoringLanes256 b) =>
        Vector256.GreaterThan(a._lower, b._lower).ExtractMostSignificantBits()
        | (Vector256.GreaterThan(a._upper, b._upper).ExtractMostSignificantBits() << 8);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(ScoringLanes256 value, float* target)
    {
        value._lower.Store(target);
        value._upper.Store(target + 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadBFloat16Pairs(byte* source, out ScoringLanes256 even, out ScoringLanes256 odd)
    {
        var lower = Vector256.Load((uint*)source);
        var upper = Vector256.Load((uint*)source + 8);
        var mask = Vector256.Create(0xFFFF_0000u);
        even = new((lower << 16).AsSingle(), (upper << 16).AsSingle());
        odd = new((lower & mask).AsSingle(), (upper & mask).AsSingle());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ScoringLanes256 LoadInt8(sbyte* source)
    {
        var bytes = Vector128.Load(source);
        return new(Eight(bytes), Eight(Vector128.Shuffle(bytes.AsUInt64(), Vector128.Create(1UL, 1UL)).AsSByte()));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        static Vector256<float> Eight(Vector128<sbyte> bytes)
        {
            if (Avx2.IsSupported)
            {
                return Vector256.ConvertToSingle(Avx2.ConvertToVector256Int32(bytes));
            }

            var shorts = Vector128.WidenLower(bytes);
            return Vector256.ConvertToSingle(Vector256.Create(Vector128.WidenLower(shorts), Vector128.WidenUpper(shorts)));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadFloat16Pairs(byte* source, out ScoringLanes256 even, out ScoringLanes256 odd)
    {
        var lower = Vector256.Load((int*)source);
        var upper = Vector256.Load((int*)source + 8);
        var mask = Vector256.Create(unchecked((int)0x8FFF_E000));
        even = new((((lower << 16) >> 3) & mask).AsSingle(), (((upper << 16) >> 3) & mask).AsSingle());
        odd = new(((lower >> 3) & mask).AsSingle(), ((upper >> 3) & mask).AsSingle());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ScoringLanes256 AddInt8Quads(ScoringLanes256 sums, byte* source, int user02, int user13)
    {
        var u02 = Vector256.Create(user02).AsInt16();
        var u13 = Vector256.Create(user13).AsInt16();
        return new(
            (sums._lower.AsInt32() + Quads(source, u02, u13)).AsSingle(),
            (sums._upper.AsInt32() + Quads(source + 32, u02, u13)).AsSingle());

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        static Vector256<int> Quads(byte* source, Vector256<short> u02, Vector256<short> u13)
        {
            var quads = Vector256.Load((short*)source);
            var even = quads & Vector256.Create((short)0xFF);
            var odd = quads >> 8;
            return Avx2.IsSupported
                ? Avx2.MultiplyAddAdjacent(even, u02) + Avx2.MultiplyAddAdjacent(odd, u13)
                : Pairs(even.AsInt32(), u02.AsInt32()) + Pairs(odd.AsInt32(), u13.AsInt32());
        }

        static Vector256<int> Pairs(Vector256<int> a, Vector256<int> b) => (((a << 16) >> 16) * ((b << 16) >> 16)) + ((a >> 16) * (b >> 16));
    }

    public static ScoringLanes256 BroadcastInt32(int value)
    {
        var all = Vector256.Create(value).AsSingle();
        return new(all, all);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ScoringLanes256 FromInt32(ScoringLanes256 sums) =>
        new(Vector256.ConvertToSingle(sums._lower.AsInt32()), Vector256.ConvertToSingle(sums._upper.AsInt32()));
}
