using System.Text.Json.Serialization;

namespace Recsys.Benchmarks.Kernels;

/// <summary>One measured figure beside its reference.</summary>
/// <param name="Name">Kernel, size and threads, e.g. "sgemm 4096, 1 thread".</param>
/// <param name="Ours">Our figure in <paramref name="Unit"/>.</param>
/// <param name="Reference">The reference's figure in the same unit; null without a reference here.</param>
/// <param name="Ratio">Higher is better for us: ours over the reference for rates, the reverse for times.</param>
/// <param name="Bar">What the ratio has to reach; null where there is none.</param>
/// <param name="Unit">E.g. "GF/s", "s", "us".</param>
/// <param name="Note">Who the reference is and what share of the machine's limit ours is.</param>
internal sealed record KernelRow(
    [property: JsonPropertyName("name")] string Name,
    [property: JsonPropertyName("ours")] double Ours,
    [property: JsonPropertyName("reference")] double? Reference,
    [property: JsonPropertyName("ratio")] double? Ratio,
    [property: JsonPropertyName("bar")] double? Bar,
    [property: JsonPropertyName("unit")] string Unit,
    [property: JsonPropertyName("note")] string? Note = null);
