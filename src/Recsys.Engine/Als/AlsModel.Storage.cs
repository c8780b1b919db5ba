using Recsys.Engine.Data;
using Recsys.Engine.Storage;

namespace Recsys.Engine.Als;

public sealed partial class AlsModel
{
    internal const string UserTensor = "user_factors";
    internal const string ItemTensor = "item_factors";

    /// <summary>Reads a model that <see cref="ToContents"/> described.</summary>
    /// <exception cref="RecsysException">The stored arrays are not an ALS model's.</exception>
    public static AlsModel FromStored(StoredModel stored)
    {
        ArgumentNullException.ThrowIfNull(stored);
        var options = AlsAlgorithm.ParseStored(stored.Facts.Options);
        var users = stored.Matrix(UserTensor, stored.Users.Count, options.Factors);
        var items = stored.Matrix(ItemTensor, stored.Items.Count, options.Factors);
        return new AlsModel(new Dataset(stored.Users, stored.Items, stored.Histories), options, users, items, stored.Facts);
    }

    /// <inheritdoc/>
    public ModelContents ToContents() => new(
        _facts,
        new Dictionary<string, Tensor>
        {
            [UserTensor] = Tensor.From(_userFactors),
            [ItemTensor] = Tensor.From(_itemFactors),
        },
        Users,
        Items,
        Histories);
}
