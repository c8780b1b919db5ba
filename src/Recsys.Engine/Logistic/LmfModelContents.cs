using System.Text.Json.Nodes;
using Recsys.Engine.Data;
using Recsys.Engine.Negatives;
using Recsys.Engine.Storage;

namespace Recsys.Engine.Logistic;

/// <summary>Between a model and its stored arrays and facts.</summary>
internal static unsafe class LmfModelContents
{
    public static ModelContents Of(LmfModel model)
    {
        var facts = new ModelFacts(model.Algorithm, WriteOptions(model.Options), model.Losses)
        {
            Dataset = model.DatasetName,
            TrainingSeconds = model.TrainingSeconds,
        };
        facts.Options["online-steps"] = model.Learner.Steps;
        var tensors = new Dictionary<string, Tensor>
        {
            ["user_factors"] = model.UserTable.FactorsTensor(),
            ["item_factors"] = model.ItemTable.FactorsTensor(),
            ["item_bias"] = model.ItemTable.ExtraTensor(0),
            ["user_sums"] = model.UserTable.ExtraTensor(1),
            ["item_sums"] = model.ItemTable.ExtraTensor(1),
            ["item_bias_sums"] = model.ItemTable.ExtraTensor(2),
        };
        if (model.Learner.Window.Length > 0)
        {
            tensors["online_window"] = Tensor.Copy<int>(model.Learner.Window, TensorType.I32);
        }

        return new ModelContents(facts, tensors, model.Users, model.Items, model.Histories);
    }

    public static LmfModel Read(ModelContents contents)
    {
        var options = ReadOptions(contents.Facts);
        var users = new FactorTable(options.Factors, options.RowSpread, options.InitialSum, LmfKeys.Users(options.Seed));
        var items = new FactorTable(options.Factors, options.RowSpread, options.InitialSum, LmfKeys.Items(options.Seed));
        try
        {
            users.Grow(contents.Users.Count);
            items.Grow(contents.Items.Count);
            ReadFactors(contents, "user_factors", users);
            ReadFactors(contents, "item_factors", items);
            ReadExtra(contents, "item_bias", items, 0);
            ReadExtra(contents, "user_sums", users, 1);
            ReadExtra(contents, "item_sums", items, 1);
            ReadExtra(contents, "item_bias_sums", items, 2);
            int[] window = contents.Tensors.TryGetValue("online_window", out var tensor)
                ? new ReadOnlySpan<int>(tensor.Data, checked((int)tensor.Shape[0])).ToArray()
                : [];
            return new LmfModel(options, contents.Users, contents.Items, contents.Histories, users, items)
            {
                Losses = contents.Facts.Losses,
                DatasetName = contents.Facts.Dataset,
                TrainingSeconds = contents.Facts.TrainingSeconds,
                Learner = new LmfLearnerState((long?)contents.Facts.Options["online-steps"] ?? 0, window),
            };
        }
        catch
        {
            users.Dispose();
            items.Dispose();
            throw;
        }
    }

    public static JsonObject WriteOptions(LmfOptions o) => new()
    {
        ["loss"] = o.Algorithm,
        ["factors"] = o.Factors,
        ["iterations"] = o.Epochs,
        ["negatives"] = o.Negatives.ToString(),
        ["negative-count"] = o.NegativeCount,
        ["learning-rate"] = o.LearningRate,
        ["user-regularization"] = o.UserRegularization,
        ["item-regularization"] = o.ItemRegularization,
        ["bias-regularization"] = o.BiasRegularization,
        ["margin"] = o.Margin,
        ["dynamic-margin"] = o.DynamicMargin,
        ["correction"] = o.Correction,
        ["initial-spread"] = o.InitialSpread,
        ["initial-sum"] = o.InitialSum,
        ["weighting"] = o.Weighting.ToString().ToLowerInvariant(),
        ["fold-in-epochs"] = o.FoldInEpochs,
        ["fold-in-negatives"] = o.FoldInNegatives,
        ["blocks"] = o.Blocks,
        ["seed"] = o.Seed,
    };

    public static LmfOptions ReadOptions(ModelFacts facts)
    {
        var o = facts.Options;
        try
        {
            return new LmfOptions
            {
                Loss = facts.Algorithm switch
                {
                    "lmf" => LmfLoss.Logistic,
                    "bpr" => LmfLoss.Bpr,
                    "softmax" => LmfLoss.Softmax,
                    _ => throw new RecsysException($"the model is '{facts.Algorithm}', expected lmf, bpr or softmax"),
                },
                Factors = Required(o, "factors").GetValue<int>(),
                Epochs = Required(o, "iterations").GetValue<int>(),
                Negatives = NegativeSamplerSpec.Parse(Required(o, "negatives").GetValue<string>()),
                NegativeCount = Required(o, "negative-count").GetValue<int>(),
                LearningRate = Required(o, "learning-rate").GetValue<float>(),
                UserRegularization = Required(o, "user-regularization").GetValue<float>(),
                ItemRegularization = Required(o, "item-regularization").GetValue<float>(),
                BiasRegularization = Required(o, "bias-regularization").GetValue<float>(),
                Margin = Required(o, "margin").GetValue<float>(),
                DynamicMargin = Required(o, "dynamic-margin").GetValue<bool>(),
                Correction = Required(o, "correction").GetValue<float>(),
                InitialSpread = Required(o, "initial-spread").GetValue<float>(),
                InitialSum = Required(o, "initial-sum").GetValue<float>(),
                Weighting = Enum.Parse<LmfWeighting>(Required(o, "weighting").GetValue<string>(), ignoreCase: true),
                FoldInEpochs = Required(o, "fold-in-epochs").GetValue<int>(),
                FoldInNegatives = Required(o, "fold-in-negatives").GetValue<int>(),
                Blocks = Required(o, "blocks").GetValue<int>(),
                Seed = Required(o, "seed").GetValue<ulong>(),
            };
        }
        catch (Exception e) when (e is InvalidOperationException or FormatException or ArgumentException)
        {
            throw new RecsysException($"the model's options cannot be read: {e.Message}", e);
        }
    }

    private static JsonNode Required(JsonObject options, string name) =>
        options[name] ?? throw new RecsysException($"the model's options lack '{name}'");

    private static Tensor Find(ModelContents contents, string name, params ReadOnlySpan<long> shape)
    {
        if (!contents.Tensors.TryGetValue(name, out var tensor))
        {
            throw new RecsysException($"the model lacks the array '{name}'");
        }

        if (tensor.Type != TensorType.F32 || !tensor.Shape.ToArray().AsSpan().SequenceEqual(shape))
        {
            throw new RecsysException(
                $"the model's array '{name}' is {tensor.Type} [{string.Join(", ", tensor.Shape)}], expected F32 [{string.Join(", ", shape.ToArray())}]");
        }

        return tensor;
    }

    private static void ReadFactors(ModelContents contents, string name, FactorTable table)
    {
        var tensor = Find(contents, name, table.Rows, table.Factors);
        for (int r = 0; r < table.Rows; r++)
        {
            new ReadOnlySpan<float>(tensor.Data + (r * tensor.RowBytes), table.Factors)
                .CopyTo(new Span<float>(table.Row(r), table.Factors));
        }

        GC.KeepAlive(tensor);
    }

    private static void ReadExtra(ModelContents contents, string name, FactorTable table, int offset)
    {
        var tensor = Find(contents, name, table.Rows);
        var values = new ReadOnlySpan<float>(tensor.Data, table.Rows);
        for (int r = 0; r < values.Length; r++)
        {
            table.Row(r)[table.Width + offset] = values[r];
        }

        GC.KeepAlive(tensor);
    }
}
