using Recsys.Engine.Data;

namespace Recsys.Engine.Storage;

/// <summary>Everything of a model that is stored.</summary>
/// <param name="Facts">Algorithm, options, seed, losses, data fingerprint: what the manifest says.</param>
/// <param name="Tensors">The model's arrays by name.</param>
/// <param name="Users">User ids.</param>
/// <param name="Items">Item ids.</param>
/// <param name="Histories">Training histories, users × items.</param>
public sealed record ModelContents(
    ModelFacts Facts,
    IReadOnlyDictionary<string, Tensor> Tensors,
    IdTable Users,
    IdTable Items,
    SparseMatrix Histories);
