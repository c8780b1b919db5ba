using System.ComponentModel;
using System.Text.Json.Nodes;
using Recsys.Engine.Serving;

namespace Recsys.Api.Contract;

internal sealed record ProblemReply(
    string Type,
    string Title,
    int Status,
    [property: Description("One line: what was wrong, and where.")] string Detail);

internal sealed record HealthReply([property: Description("live, ready or starting.")] string Status);

internal sealed record StatusReply(
    [property: Description("The default model.")] string Model,
    string Version,
    [property: Description("What it knows of events: Live learns from each, Standing was trained and answers for histories as they are now, Trained for those of the training.")] ModelKind Kind,
    int Users,
    int Items,
    long Interactions,
    [property: Description("Whether events are accepted.")] bool Events,
    [property: Description("Kinds of events that are accepted.")] IReadOnlyList<string> Kinds,
    bool Training,
    TrafficReply Traffic);

internal sealed record TrafficReply(
    [property: Description("Seconds since the service started.")] double Uptime,
    [property: Description("Requests since then.")] long Requests,
    [property: Description("Events accepted since then.")] long EventsAccepted,
    [property: Description("Events a second over the last ten seconds.")] double EventsPerSecond,
    [property: Description("Requests a second over the last ten seconds.")] double RequestsPerSecond,
    [property: Description("Recommendations over the last minute.")] LatencyReply Recommendations,
    [property: Description("Accepting events over the last minute.")] LatencyReply Ingest);

internal sealed record LatencyReply(long Count, double P50Ms, double P90Ms, double P99Ms, double MaxMs);

internal sealed record TrainingBody(
    [property: Description("ease, als, … as GET /api/v1/algorithms lists them.")] string Algorithm,
    [property: Description("Options by their command-line names; texts, numbers or booleans.")] JsonObject? Options = null,
    [property: Description("Name of the model; the algorithm's where it is not given.")] string? Model = null,
    [property: Description("Whether the trained version answers at once.")] bool Activate = true,
    [property: Description("Whether to measure first how such a model does on users it has not seen; trains twice.")] bool Evaluate = false);

internal sealed record TrainingReply(
    string Id,
    string Algorithm,
    string Model,
    JsonObject Options,
    bool Activate,
    TrainingState State,
    [property: Description("Grows with each change.")] long Revision,
    DateTimeOffset Started,
    double Seconds,
    IReadOnlyList<double> Losses,
    ProgressReply? Progress = null,
    [property: Description("Version of the trained model.")] string? Version = null,
    string? Error = null);

internal sealed record ProgressReply(string Phase, long Done, long Total, double? Loss = null, string? Detail = null);

internal sealed record TrainingsReply(IReadOnlyList<TrainingReply> Jobs);

internal sealed record AlgorithmsReply(IReadOnlyList<AlgorithmReply> Algorithms);

internal sealed record AlgorithmReply(string Name, string Summary, IReadOnlyList<OptionReply> Options);

internal sealed record OptionReply(string Name, string Value, string Summary);

internal sealed record ActivationBody(
    [property: Description("The version; the active one where it is not given.")] string? Version = null,
    [property: Description("Whether the model is to answer when none is named.")] bool Default = false);

internal sealed record ModelsReply(IReadOnlyList<ModelReply> Models);

internal sealed record ModelReply(
    string Model,
    string Version,
    [property: Description("What it knows of events: Live learns from each, Standing was trained and answers for histories as they are now, Trained for those of the training.")] ModelKind Kind,
    string Algorithm,
    [property: Description("Whether it answers for its name.")] bool Active,
    [property: Description("Whether it answers when no model is named.")] bool Default,
    [property: Description("Whether it survives a restart.")] bool Stored,
    int Users,
    int Items,
    long Interactions,
    string Data,
    double TrainingSeconds,
    DateTimeOffset? Created,
    JsonObject Options,
    IReadOnlyDictionary<string, double> Metrics,
    IReadOnlyList<double> Losses);
