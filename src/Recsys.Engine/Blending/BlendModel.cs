using System.Buffers;
using Recsys.Engine.Data;
using Recsys.Engine.Models;
using Recsys.Engine.Numerics;
using Recsys.Engine.Serving;
using Recsys.Engine.Storage;

namespace Recsys.Engine.Blending;

/// <summary>
/// Several models as one: s_ui = Σ_m w_m(u) · s_ui^m / σ_u^m, with σ_u^m the standard deviation of member m's scores of user
/// u over all items, and w(u) the weights of the band that the length of u's history falls in.
/// </summary>
public sealed partial class BlendModel : IRecommenderModel
{
    private readonly BlendMember[] _members;
    private readonly int[] _factorStarts;
    private readonly ModelFacts _facts;
    private readonly bool _ownsMembers;

    /// <summary>A blend of models of the same users, items and histories.</summary>
    /// <param name="members">The models.</param>
    /// <param name="weights">Their weights.</param>
    /// <param name="facts">What is stored of how it was made.</param>
    /// <param name="ownsMembers">Whether disposing the blend disposes its members.</param>
    /// <exception cref="RecsysException">The members do not belong together or do not fit the weights.</exception>
    public BlendModel(IReadOnlyList<BlendMember> members, BlendWeights weights, ModelFacts facts, bool ownsMembers = true)
    {
        ArgumentNullException.ThrowIfNull(members);
        ArgumentNullException.ThrowIfNull(weights);
        _members = [.. members];
        Weights = weights;
        _facts = facts;
        _ownsMembers = ownsMembers;
        if (_members.Length != weights.Members)
        {
            throw new RecsysException($"blend: {_members.Length} members and {weights.Members} weights");
        }

        foreach (var member in _members)
        {
            RequireSame(_members[0].Model, member);
        }

        _factorStarts = new int[_members.Length + 1];
        for (int m = 0; m < _members.Length; m++)
        {
            _factorStarts[m + 1] = _factorStarts[m] + _members[m].Model.FoldIn([], []).Factors.Length;
        }
    }

    /// <inheritdoc/>
    public string Algorithm => BlendAlgorithm.AlgorithmName;

    /// <inheritdoc/>
    public IdTable Users => _members[0].Model.Users;

    /// <inheritdoc/>
    public IdTable Items => _members[0].Model.Items;

    /// <inheritdoc/>
    public SparseMatrix Histories => _members[0].Model.Histories;

    /// <summary>The models blended.</summary>
    public IReadOnlyList<BlendMember> Members => _members;

    /// <summary>Their weights by band of users.</summary>
    public BlendWeights Weights { get; }

    /// <inheritdoc/>
    public UserProfile GetUser(int user) => Join(m => m.GetUser(user), Histories.Row(user), Histories.RowValues(user));

    /// <inheritdoc/>
    public UserProfile FoldIn(ReadOnlySpan<int> items, ReadOnlySpan<float> weights)
    {
        int[] copy = items.ToArray();
        float[] values = weights.ToArray();
        return Join(m => m.FoldIn(copy, values), copy, values);
    }

    /// <inheritdoc/>
    public void Score(UserProfile user, Span<float> scores)
    {
        ArgumentNullException.ThrowIfNull(user);
        scores.Clear();
        var weights = Weights.Of(Weights.BandOf(user.Items.Length));
        float[] rented = ArrayPool<float>.Shared.Rent(Items.Count);
        try
        {
            var one = rented.AsSpan(0, Items.Count);
            for (int m = 0; m < _members.Length; m++)
            {
                if (weights[m] != 0)
                {
                    _members[m].Model.Score(Part(user, m), one);
                    AddScaled(scores, weights[m] * ScoreScale.InverseDeviation(one), one);
                }
            }
        }
        finally
        {
            ArrayPool<float>.Shared.Return(rented);
        }
    }

    /// <inheritdoc/>
    public int Recommend(UserProfile user, ItemFilter filter, Span<ScoredItem> results) =>
        ModelScoring.Recommend(this, user, filter, results);

    /// <summary>
    /// The members' likenesses, each divided by its root mean square over all items, by the mean of the members' weights
    /// over the bands.
    /// </summary>
    public int Similar(int item, bool opposite, ItemFilter filter, Span<ScoredItem> results) =>
        ModelScoring.RankSimilar(Items.Count, item, opposite, filter, results, scores =>
        {
            scores.Clear();
            var found = new ScoredItem[Items.Count];
            for (int m = 0; m < _members.Length; m++)
            {
                float weight = Enumerable.Range(0, Weights.Bands).Average(b => Weights.Of(b)[m]);
                AddSimilar(_members[m].Model, item, weight, found, scores);
            }
        });

    /// <summary>
    /// The members' explanations, each times the member's weight and divided by its deviation for this user: contributions of
    /// an item of the history are added up over the members. What no item of the history answers for, such as popularity,
    /// is in the baseline.
    /// </summary>
    public Explanation Explain(UserProfile user, int item)
    {
        ArgumentNullException.ThrowIfNull(user);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)item, (uint)Items.Count, nameof(item));
        var contributions = user.Items.ToArray().ToDictionary(i => i, _ => 0.0);
        double baseline = 0;
        foreach (var share in Shares(user, item))
        {
            foreach (var part in share.Explanation.Contributions)
            {
                contributions[part.Item] += (double)share.Factor * part.Score;
            }

            // the score may be of trained factors, the contributions of folded-in ones: the rest is the baseline's
            baseline += (double)share.Factor * (share.Score - share.Explanation.Contributions.Sum(c => (double)c.Score));
        }

        double score = baseline + contributions.Values.Sum();
        return new Explanation(
            item,
            (float)score,
            ModelScoring.ByMagnitude([.. contributions.Select(c => new ScoredItem(c.Key, (float)c.Value))]),
            (float)baseline);
    }

    /// <summary>What each member says of an item and by how much it counts for this user.</summary>
    public IReadOnlyList<MemberShare> Shares(UserProfile user, int item)
    {
        ArgumentNullException.ThrowIfNull(user);
        int band = Weights.BandOf(user.Items.Length);
        var scores = new float[Items.Count];
        var shares = new MemberShare[_members.Length];
        for (int m = 0; m < shares.Length; m++)
        {
            var part = Part(user, m);
            _members[m].Model.Score(part, scores);
            float factor = Weights.Of(band)[m] * ScoreScale.InverseDeviation(scores);
            shares[m] = new MemberShare(_members[m].Label, factor, scores[item], _members[m].Model.Explain(part, item));
        }

        return shares;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_ownsMembers)
        {
            foreach (var member in _members)
            {
                member.Model.Dispose();
            }
        }
    }

    private static void AddScaled(Span<float> scores, float factor, ReadOnlySpan<float> one)
    {
        if (factor != 0)
        {
            VectorMath.AddScaled(scores, factor, one);
        }
    }

    private static void AddSimilar(IRecommenderModel model, int item, float weight, ScoredItem[] found, Span<float> scores)
    {
        if (weight == 0)
        {
            return;
        }

        double squares = 0;
        int alike = model.Similar(item, opposite: false, ItemFilter.Default, found);
        var both = found.AsSpan(0, alike).ToArray();
        int opposed = model.Similar(item, opposite: true, ItemFilter.Default, found);
        both = [.. both, .. found.AsSpan(0, opposed)];
        foreach (var one in both)
        {
            squares += (double)one.Score * one.Score;
        }

        float scale = squares > 0 ? weight / (float)Math.Sqrt(squares / scores.Length) : 0;
        foreach (var one in both)
        {
            scores[one.Item] += scale * one.Score;
        }
    }

    private static void RequireSame(IRecommenderModel first, BlendMember member)
    {
        if (!SavedModel.SameData(member.Model, first.Users, first.Items, first.Histories))
        {
            throw new RecsysException($"blend: member '{member.Label}' was trained on other data than the first member");
        }
    }

    /// <summary>The members' profiles as one: their factors side by side.</summary>
    private UserProfile Join(Func<IRecommenderModel, UserProfile> profile, ReadOnlySpan<int> items, ReadOnlySpan<float> weights)
    {
        var factors = new float[_factorStarts[^1]];
        for (int m = 0; m < _members.Length; m++)
        {
            profile(_members[m].Model).Factors.Span.CopyTo(factors.AsSpan(_factorStarts[m]));
        }

        return new UserProfile(items.ToArray(), weights.ToArray(), factors);
    }

    private UserProfile Part(UserProfile user, int member)
    {
        if (user.Factors.Length != _factorStarts[^1] && !user.Items.IsEmpty)
        {
            throw new RecsysException($"the user has {user.Factors.Length} factors, the blend's members {_factorStarts[^1]}: the profile is another model's");
        }

        int start = _factorStarts[member];
        return user.Factors.IsEmpty ? user : user with { Factors = user.Factors[start.._factorStarts[member + 1]] };
    }
}
