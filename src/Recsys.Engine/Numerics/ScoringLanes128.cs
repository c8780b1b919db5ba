using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Recsys.Engine.Numerics;

/// <summary>Sixteen floats in four 128-bit vectors, emulated where the machine has none.</summary>
internal readonly unsafe struct ScoringLanes128(Vector128<float> v0, Vector128<float> v1, Vector128<float> v2, Vector128<float> v3)
    : IScoringLanes<ScoringLanes128>
{
    private readonly Vector128<float> _v0 = v0;
    private readonly Vector128<float> _v1 = v1;
    private readonly Vector128<float> _v2 = v2;
    private readonly Vector128<float> _v3 = v3;

    public static ScoringLanes128 Zero => Broadcast(0);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ScoringLanes128 Load(float* source) =>
        new(Vector128.Load(source), Vector128.Load(source + 4), Vector128.Load(source + 8), Vector128.Load(source + 12));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ScoringLanes128 Broadcast(float value)
    {
        var all = Vector128.Create(value);
        return new(all, all, all, all);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ScoringLanes128 MultiplyAdd(ScoringLanes128 a, ScoringLanes128 b, ScoringLanes128 c) => new(
        Vector128.FusedMultiplyAdd(a._v0, b._v0, c._v0),
        Vector128.FusedMultiplyAdd(a._v1, b._v1, c._v1),
        Vector128.FusedMultiplyAdd(a._v2, b._v2, c._v2),
        Vector128.FusedMultiplyAdd(a._v3, b._v3, c._v3));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ScoringLanes128 Add(ScoringLanes128 a, ScoringLanes128 b) => new(a._v0 + b._v0, a._v1 + b._v1, a._v2 + b._v2, a._v3 + b._v3);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ScoringLanes128 Multiply(ScoringLanes128 a, ScoringLanes128 b) => new(a._v0 * b._v0, a._v1 * b._v1, a._v2 * b._v2, a._v3 * b._v3);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ScoringLanes128 Xor(ScoringLanes128 a, ScoringLanes128 b) => new(a._v0 ^ b._v0, a._v1 ^ b._v1, a._v2 ^ b._v2, a._v3 ^ b._v3);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint GreaterThan(ScoringLanes128 a, ScoringLanes128 b) =>
        Vector128.GreaterThan(a._v0, b._v0).ExtractMostSignificantBits()
        | (Vector128.GreaterThan(a._v1, b._v1).ExtractMostSignificantBits() << 4)
        | (Vector128.GreaterThan(a._v2, b._v2).ExtractMostSignificantBits() << 8)
        | (Vector128.GreaterThan(a._v3, b._v3).ExtractMostSignificantBits() << 12);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(ScoringLanes128 value, float* target)
    {
        value._v0.Store(target);
        value._v1.Store(target + 4);
        value._v2.Store(target + 8);
        value._v3.Store(target + 12);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadBFloat16Pairs(byte* source, out ScoringLanes128 even, out ScoringLanes128 odd)
    {
        var v0 = Vector128.Load((uint*)source);
        var v1 = Vector128.Load((uint*)source + 4);
        var v2 = Vector128.Load((uint*)source + 8);
        var v3 = Vector128.Load((uint*)source + 12);
        var mask = Vector128.Create(0xFFFF_0000u);
        even = new((v0 << 16).AsSingle(), (v1 << 16).AsSingle(), (v2 << 16).AsSingle(), (v3 << 16).AsSingle());
        odd = new((v0 & mask).AsSingle(), (v1 & mask).AsSingle(), (v2 & mask).AsSingle(), (v3 & mask).AsSingle());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ScoringLanes128 LoadInt8(sbyte* source)
    {
        var bytes = Vector128.Load(source);
        var lower = Vector128.WidenLower(bytes);
        var upper = Vector128.WidenUpper(bytes);
        return new(
            Vector128.ConvertToSingle(Vector128.WidenLower(lower)),
            Vector128.ConvertToSingle(Vector128.WidenUpper(lower)),
            Vector128.ConvertToSingle(Vector128.WidenLower(upper)),
            Vector128.ConvertToSingle(Vector128.WidenUpper(upper)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadFloat16Pairs(byte* source, out ScoringLanes128 even, out ScoringLanes128 odd)
    {
        var v0 = Vector128.Load((int*)source);
        var v1 = Vector128.Load((int*)source + 4);
        var v2 = Vector128.Load((int*)source + 8);
        var v3 = Vector128.Load((int*)source + 12);
        even = new(Even(v0), Even(v1), Even(v2), Even(v3));
        odd = new(Odd(v0), Odd(v1), Odd(v2), Odd(v3));

        static Vector128<float> Even(Vector128<int> v) => Odd(v << 16);

        static Vector128<float> Odd(Vector128<int> v) => ((v >> 3) & Vector128.Create(unchecked((int)0x8FFF_E000))).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ScoringLanes128 AddInt8Quads(ScoringLanes128 sums, byte* source, int user02, int user13)
    {
        var u02 = Vector128.Create(user02);
        var u13 = Vector128.Create(user13);
        return new(
            Quads(sums._v0, source, u02, u13),
            Quads(sums._v1, source + 16, u02, u13),
            Quads(sums._v2, source + 32, u02, u13),
            Quads(sums._v3, source + 48, u02, u13));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        static Vector128<float> Quads(Vector128<float> sum, byte* source, Vector128<int> u02, Vector128<int> u13)
        {
            var quads = Vector128.Load((int*)source);
            var products = ((quads & Vector128.Create(0xFF)) * ((u02 << 16) >> 16))
                + (((quads << 16) >> 24) * ((u13 << 16) >> 16))
                + (((quads >> 16) & Vector128.Create(0xFF)) * (u02 >> 16))
                + ((quads >> 24) * (u13 >> 16));
            return (sum.AsInt32() + products).AsSingle();
        }
    }

    public static ScoringLanes128 BroadcastInt32(int value)
    {
        var all = Vector128.Create(value).AsSingle();
        return new(all, all, all, all);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ScoringLanes128 FromInt32(ScoringLanes128 sums) => new(
        Vector128.ConvertToSingle(sums._v0.AsInt32()),
        Vector128.ConvertToSingle(sums._v1.AsInt32()),
        Vector128.ConvertToSingle(sums._v2.AsInt32()),
        Vector128.ConvertToSingle(sums._v3.AsInt32()));
}
