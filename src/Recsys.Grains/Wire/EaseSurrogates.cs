using Recsys.Engine.Ease;
using Recsys.Engine.Ease.Distributed;

namespace Recsys.Grains.Wire;

[GenerateSerializer]
[Alias("recsys.ease-plan")]
internal struct EasePlanSurrogate
{
    [Id(0)]
    public string Training;

    [Id(1)]
    public int Items;

    [Id(2)]
    public long Interactions;

    [Id(3)]
    public int Partitions;

    [Id(4)]
    public int Block;

    [Id(5)]
    public double Regularization;

    [Id(6)]
    public NonNegativeMode NonNegative;

    [Id(7)]
    public double Density;

    [Id(8)]
    public double RegularizationExponent;

    [Id(9)]
    public double Dropout;

    [Id(10)]
    public int VectorBits;
}

[RegisterConverter]
internal sealed class EasePlanConverter : IConverter<EasePlan, EasePlanSurrogate>
{
    public EasePlan ConvertFromSurrogate(in EasePlanSurrogate s) => new(
        s.Training,
        s.Items,
        s.Interactions,
        s.Partitions,
        s.Block,
        new EaseOptions
        {
            Regularization = s.Regularization,
            RegularizationExponent = s.RegularizationExponent,
            Dropout = s.Dropout,
            NonNegative = s.NonNegative,
            Density = s.Density,
        })
    {
        VectorBits = s.VectorBits,
    };

    public EasePlanSurrogate ConvertToSurrogate(in EasePlan value) => new()
    {
        Training = value.Training,
        Items = value.Items,
        Interactions = value.Interactions,
        Partitions = value.Partitions,
        Block = value.Block,
        Regularization = value.Options.Regularization,
        NonNegative = value.Options.NonNegative,
        Density = value.Options.Density,
        RegularizationExponent = value.Options.RegularizationExponent,
        Dropout = value.Options.Dropout,
        VectorBits = value.VectorBits,
    };
}

[GenerateSerializer]
[Alias("recsys.ease-step")]
internal struct EaseStepSurrogate
{
    [Id(0)]
    public string Training;

    [Id(1)]
    public int Attempt;

    [Id(2)]
    public EasePhase Phase;

    [Id(3)]
    public int Pivots;
}

[RegisterConverter]
internal sealed class EaseStepConverter : IConverter<EaseStep, EaseStepSurrogate>
{
    public EaseStep ConvertFromSurrogate(in EaseStepSurrogate s) => new(s.Training, s.Attempt, s.Phase, s.Pivots);

    public EaseStepSurrogate ConvertToSurrogate(in EaseStep value) =>
        new() { Training = value.Training, Attempt = value.Attempt, Phase = value.Phase, Pivots = value.Pivots };
}

[GenerateSerializer]
[Alias("recsys.ease-report")]
internal struct EaseReportSurrogate
{
    [Id(0)]
    public int Partition;

    [Id(1)]
    public string Training;

    [Id(2)]
    public int Attempt;

    [Id(3)]
    public EaseStage Stage;

    [Id(4)]
    public int Pivots;

    [Id(5)]
    public bool Running;

    [Id(6)]
    public string? Failure;

    [Id(7)]
    public bool Lasting;

    [Id(8)]
    public long FailedPivot;

    [Id(9)]
    public double FailedValue;

    [Id(10)]
    public int[] Checkpoints;

    [Id(11)]
    public long PanelBytes;

    [Id(12)]
    public long ExchangeBytes;

    [Id(13)]
    public long CheckpointBytes;

    [Id(14)]
    public double WorkSeconds;

    [Id(15)]
    public double WaitSeconds;

    [Id(16)]
    public double CheckpointSeconds;
}

[RegisterConverter]
internal sealed class EaseReportConverter : IConverter<EaseReport, EaseReportSurrogate>
{
    public EaseReport ConvertFromSurrogate(in EaseReportSurrogate s) => new(s.Partition, s.Training, s.Attempt, s.Stage, s.Pivots, s.Running)
    {
        Failure = s.Failure is null ? null : new EaseFailure(s.Failure, s.Lasting, s.FailedPivot, s.FailedValue),
        Checkpoints = s.Checkpoints,
        Costs = new EaseCosts(s.PanelBytes, s.ExchangeBytes, s.CheckpointBytes, s.WorkSeconds, s.WaitSeconds, s.CheckpointSeconds),
    };

    public EaseReportSurrogate ConvertToSurrogate(in EaseReport value) => new()
    {
        Partition = value.Partition,
        Training = value.Training,
        Attempt = value.Attempt,
        Stage = value.Stage,
        Pivots = value.Pivots,
        Running = value.Running,
        Failure = value.Failure?.Message,
        Lasting = value.Failure?.Lasting ?? false,
        FailedPivot = value.Failure?.Pivot ?? -1,
        FailedValue = value.Failure?.Value ?? 0,
        Checkpoints = [.. value.Checkpoints],
        PanelBytes = value.Costs.PanelBytes,
        ExchangeBytes = value.Costs.ExchangeBytes,
        CheckpointBytes = value.Costs.CheckpointBytes,
        WorkSeconds = value.Costs.WorkSeconds,
        WaitSeconds = value.Costs.WaitSeconds,
        CheckpointSeconds = value.Costs.CheckpointSeconds,
    };
}
