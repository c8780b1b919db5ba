using Recsys.Engine.Storage;

namespace Recsys.Engine.Logistic;

/// <summary>Between a model and its stored arrays.</summary>
internal static unsafe class LmfModelContents
{
    private const string UserFactors = "user_factors";
    private const string ItemFactors = "item_factors";
    private const string ItemBias = "item_bias";
    private const string UserSums = "user_sums";
    private const string ItemSums = "item_sums";
    private const string ItemBiasSums = "item_bias_sums";
    private const string OnlineSteps = "online_steps";
    private const string OnlineWindow = "online_window";

    public static ModelContents Of(LmfModel model)
    {
        var tensors = new Dictionary<string, Tensor>
        {
            [UserFactors] = model.UserTable.FactorsTensor(),
            [ItemFactors] = model.ItemTable.FactorsTensor(),
            [ItemBias] = model.ItemTable.ExtraTensor(0),
            [UserSums] = model.UserTable.ExtraTensor(1),
            [ItemSums] = model.ItemTable.ExtraTensor(1),
            [ItemBiasSums] = model.ItemTable.ExtraTensor(2),
            [OnlineSteps] = Tensor.Copy<long>([model.Learner.Steps], TensorType.I64),
        };
        if (model.Learner.Window.Length > 0)
        {
            tensors[OnlineWindow] = Tensor.Copy<int>(model.Learner.Window, TensorType.I32);
        }

        return new ModelContents(model.Facts, tensors, model.Users, model.Items, model.Histories);
    }

    public static LmfModel Read(StoredModel stored)
    {
        var options = LmfAlgorithm.ParseStored(stored.Facts.Algorithm, stored.Facts.Options);
        var users = FactorTable.ForUsers(options);
        var items = FactorTable.ForItems(options);
        try
        {
            users.Grow(stored.Users.Count);
            items.Grow(stored.Items.Count);
            ReadFactors(stored, UserFactors, users);
            ReadFactors(stored, ItemFactors, items);
            ReadExtra(stored, ItemBias, items, 0);
            ReadExtra(stored, UserSums, users, 1);
            ReadExtra(stored, ItemSums, items, 1);
            ReadExtra(stored, ItemBiasSums, items, 2);
            long steps = stored.Array<long>(OnlineSteps, 1)[0];
            int[] window = stored.Has(OnlineWindow) ? stored.Array<int>(OnlineWindow) : [];
            if (window.Any(item => (uint)item >= (uint)items.Rows))
            {
                throw new RecsysException($"the model's array '{OnlineWindow}' names an item beyond its {items.Rows}");
            }

            return new LmfModel(options, stored.Users, stored.Items, stored.Histories, users, items, stored.Facts)
            {
                Learner = new LmfLearnerState(steps, window),
            };
        }
        catch
        {
            users.Dispose();
            items.Dispose();
            throw;
        }
    }

    private static void ReadFactors(StoredModel stored, string name, FactorTable table)
    {
        using var matrix = stored.Matrix(name, table.Rows, table.Factors);
        for (int r = 0; r < table.Rows; r++)
        {
            matrix.Row(r).CopyTo(new Span<float>(table.Row(r), table.Factors));
        }
    }

    private static void ReadExtra(StoredModel stored, string name, FactorTable table, int offset)
    {
        float[] values = stored.Array<float>(name, table.Rows);
        for (int r = 0; r < values.Length; r++)
        {
            table.Row(r)[table.Width + offset] = values[r];
        }
    }
}
