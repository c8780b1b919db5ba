using Recsys.Engine.Als;
using Recsys.Engine.Data;
using Recsys.Engine.Ease;
using Recsys.Engine.Logistic;

namespace Recsys.Engine.Online;

/// <summary>
/// What a new <see cref="OnlineEngine"/> begins with: histories, and models trained on them. The models are copied and
/// may be disposed afterwards. All are of the same users and items in the same order.
/// </summary>
/// <param name="Data">The histories.</param>
public sealed record OnlineStart(Dataset Data)
{
    /// <summary>Nothing is known.</summary>
    public static OnlineStart Empty { get; } = new(new Dataset(new IdTable(), new IdTable(), new SparseMatrix(0, 0, [0], [])));

    /// <summary>ALS to fold users and items into; without it there is no model "als".</summary>
    public AlsModel? Als { get; init; }

    /// <summary>A model that the online learner goes on from; without it, it learns from nothing but events.</summary>
    public LmfModel? Lmf { get; init; }

    /// <summary>A trained EASE, which saves computing P; it has to be of binary histories.</summary>
    public EaseModel? Ease { get; init; }

    internal void Validate()
    {
        foreach (var model in new Models.IRecommenderModel?[] { Als, Lmf, Ease })
        {
            if (model is not null && (!Same(model.Users, Data.Users) || !Same(model.Items, Data.Items)))
            {
                throw new RecsysException($"online: the model {model.Algorithm} and the histories are not of the same users and items");
            }
        }
    }

    private static bool Same(IdTable a, IdTable b)
    {
        bool same = ReferenceEquals(a, b);
        if (!same && a.Count == b.Count)
        {
            same = true;
            for (int i = 0; same && i < a.Count; i++)
            {
                same = a.Utf8(i).SequenceEqual(b.Utf8(i));
            }
        }

        return same;
    }
}
