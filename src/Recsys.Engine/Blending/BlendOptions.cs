using Recsys.Engine.Evaluation;
using Recsys.Engine.Models;

namespace Recsys.Engine.Blending;

/// <summary>How a blend is made.</summary>
public sealed record BlendOptions : IAlgorithmOptions
{
    /// <summary>The members where none are named.</summary>
    public const string DefaultMembers = "als;ease;popularity";

    /// <summary>The models blended, at least one; no blends.</summary>
    public IReadOnlyList<ModelSpec> Members { get; init; } = ModelSpec.ParseList(DefaultMembers);

    /// <summary>Bands of users by the length of their history, each with its own weights; 1 to 16.</summary>
    public int Bands { get; init; } = 3;

    /// <summary>What the weights are to make large on held-out items: an accuracy metric.</summary>
    public Metric Metric { get; init; } = new(MetricKind.Ndcg, 100);

    /// <summary>Whether weights may be negative: what a member says is then also held against an item.</summary>
    public bool Signed { get; init; } = true;

    /// <summary>How the training data is divided to fit the weights.</summary>
    public BlendProtocol Protocol { get; init; }

    /// <summary>
    /// Users the weights are fitted on: below 1 a share of all users, else a number; never more than <see cref="MaxUsers"/>.
    /// </summary>
    public double ValidationUsers { get; init; } = 0.1;

    /// <summary>Share of a validation user's items that are to be found.</summary>
    public double HeldOutShare { get; init; } = 0.2;

    /// <summary>Whether the members are trained again on all of the data after the weights are fitted.</summary>
    public bool Refit { get; init; } = true;

    /// <summary>Seed of the split and of the folds.</summary>
    public ulong Seed { get; init; } = 42;

    /// <summary>Threads to use; 0 for one per processor. Does not change the model.</summary>
    public int Threads { get; init; }

    /// <summary>Users beyond whom more add nothing but time.</summary>
    internal const int MaxUsers = 3000;

    /// <summary>Refuses what cannot be trained with.</summary>
    /// <exception cref="InvalidOptionException">An option is out of its range.</exception>
    public void Validate()
    {
        Require(Members.Count is >= 1 and <= 32, $"a blend has 1 to 32 members, not {Members.Count}");
        Require(Members.All(m => m.Algorithm.Name != BlendAlgorithm.AlgorithmName), "a blend cannot be a member of a blend");
        Require(Bands is >= 1 and <= 16, $"bands must be 1 to 16, not {Bands}");
        Require(Metric.IsAccuracy && Metric.K >= 1, $"{Metric} is not an accuracy metric, e.g. ndcg@100");
        Require(
            ValidationUsers > 0 && (ValidationUsers < 1 || ValidationUsers == Math.Floor(ValidationUsers)),
            FormattableString.Invariant($"validation users: {ValidationUsers} is neither a share below 1 nor a whole number"));
        Require(HeldOutShare is > 0 and < 1, $"the held-out share must lie between 0 and 1, not {HeldOutShare}");
        Require(Threads >= 0, $"threads must be 0 or more, not {Threads}");
    }

    private static void Require(bool holds, string message)
    {
        if (!holds)
        {
            throw new InvalidOptionException($"blend: {message}");
        }
    }
}
