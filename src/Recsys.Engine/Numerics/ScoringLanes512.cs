using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Recsys.Engine.Numerics;

/// <summary>Sixteen floats in one 512-bit register.</summary>
internal readonly unsafe struct ScoringLanes512(Vector512<float> value) : IScoringLanes<ScoringLanes512>
{
    private readonly Vector512<float> _value = value;

    public static ScoringLanes512 Zero => new(Vector512<float>.Zero);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ScoringLanes512 Load(float* source) => new(Vector512.Load(source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ScoringLanes512 Broadcast(float value) => new(Vector512.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ScoringLanes512 MultiplyAdd(ScoringLanes512 a, ScoringLanes512 b, ScoringLanes512 c) => new(Vector512.FusedMultiplyAdd(a._value, b._value, c._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ScoringLanes512 Add(ScoringLanes512 a, ScoringLanes512 b) => new(a._value + b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ScoringLanes512 Multiply(ScoringLanes512 a, ScoringLanes512 b) => new(a._value * b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ScoringLanes512 Xor(ScoringLanes512 a, ScoringLanes512 b) => new(a._value ^ b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint GreaterThan(ScoringLanes512 a, ScoringLanes512 b) => (uint)Vector512.GreaterThan(a._value, b._value).ExtractMostSignificantBits();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(ScoringLanes512 value, float* target) => value._value.Store(target);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadBFloat16Pairs(byte* source, out ScoringLanes512 even, out ScoringLanes512 odd)
    {
        var pairs = Vector512.Load((uint*)source);
        even = new((pairs << 16).AsSingle());
        odd = new((pairs & Vector512.Create(0xFFFF_0000u)).AsSingle());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ScoringLanes512 LoadInt8(sbyte* source)
    {
        var bytes = Vector128.Load(source);
        return new(Vector512.ConvertToSingle(
            Avx512F.IsSupported ? Avx512F.ConvertToVector512Int32(bytes) : Vector512.Create(Widen(Vector128.WidenLower(bytes)), Widen(Vector128.WidenUpper(bytes)))));

        static Vector256<int> Widen(Vector128<short> shorts) => Vector256.Create(Vector128.WidenLower(shorts), Vector128.WidenUpper(shorts));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadFloat16Pairs(byte* source, out ScoringLanes512 even, out ScoringLanes512 odd)
    {
        var pairs = Vector512.Load((int*)source);
        var mask = Vector512.Create(unchecked((int)0x8FFF_E000));
        even = new((((pairs << 16) >> 3) & mask).AsSingle());
        odd = new(((pairs >> 3) & mask).AsSingle());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ScoringLanes512 AddInt8Quads(ScoringLanes512 sums, byte* source, int user02, int user13)
    {
        var quads = Vector512.Load((short*)source);
        var even = quads & Vector512.Create((short)0xFF);
        var odd = quads >> 8;
        var u02 = Vector512.Create(user02).AsInt16();
        var u13 = Vector512.Create(user13).AsInt16();
        var sum = Avx512BW.IsSupported
            ? Avx512BW.MultiplyAddAdjacent(even, u02) + Avx512BW.MultiplyAddAdjacent(odd, u13)
            : Pairs(even.AsInt32(), u02.AsInt32()) + Pairs(odd.AsInt32(), u13.AsInt32());
        return new((sums._value.AsInt32() + sum).AsSingle());

        static Vector512<int> Pairs(Vector512<int> a, Vector512<int> b) => (((a << 16) >> 16) * ((b << 16) >> 16)) + ((a >> 16) * (b >> 16));
    }

    public static ScoringLanes512 BroadcastInt32(int value) => new(Vector512.Create(value).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ScoringLanes512 FromInt32(ScoringLanes512 sums) => new(Vector512.ConvertToSingle(sums._value.AsInt32()));
}
