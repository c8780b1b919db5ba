using Recsys.Engine.Als;

namespace Recsys.Grains.Wire;

[GenerateSerializer]
[Alias("recsys.gram-part")]
internal readonly struct GramPartSurrogate(int level, int index, GramMatrix gram)
{
    [Id(0)]
    public readonly int Level = level;

    [Id(1)]
    public readonly int Index = index;

    [Id(2)]
    public readonly GramMatrix Gram = gram;
}

[RegisterConverter]
internal sealed class GramPartConverter : IConverter<GramPart, GramPartSurrogate>
{
    public GramPart ConvertFromSurrogate(in GramPartSurrogate surrogate) => new(surrogate.Level, surrogate.Index, surrogate.Gram);

    public GramPartSurrogate ConvertToSurrogate(in GramPart value) => new(value.Level, value.Index, value.Gram);
}

[GenerateSerializer]
[Alias("recsys.half-epoch-report")]
internal readonly struct HalfEpochReportSurrogate(int firstBlock, double[] dataLoss, double[] penalty, IReadOnlyList<GramPart>? grams)
{
    [Id(0)]
    public readonly int FirstBlock = firstBlock;

    [Id(1)]
    public readonly double[] DataLoss = dataLoss;

    [Id(2)]
    public readonly double[] Penalty = penalty;

    [Id(3)]
    public readonly IReadOnlyList<GramPart>? Grams = grams;
}

[RegisterConverter]
internal sealed class HalfEpochReportConverter : IConverter<HalfEpochReport, HalfEpochReportSurrogate>
{
    public HalfEpochReport ConvertFromSurrogate(in HalfEpochReportSurrogate surrogate) =>
        new(surrogate.FirstBlock, surrogate.DataLoss, surrogate.Penalty, surrogate.Grams);

    public HalfEpochReportSurrogate ConvertToSurrogate(in HalfEpochReport value) =>
        new(value.FirstBlock, value.DataLoss, value.Penalty, value.Grams);
}

[GenerateSerializer]
[Alias("recsys.row-selection")]
internal readonly struct RowSelectionSurrogate(ulong[] bits)
{
    [Id(0)]
    public readonly ulong[] Bits = bits;
}

[RegisterConverter]
internal sealed class RowSelectionConverter : IConverter<RowSelection, RowSelectionSurrogate>
{
    public RowSelection ConvertFromSurrogate(in RowSelectionSurrogate surrogate) => new(surrogate.Bits);

    public RowSelectionSurrogate ConvertToSurrogate(in RowSelection value) => new(value.Bits.ToArray());
}
