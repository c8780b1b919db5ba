using System.Text.Json.Nodes;
using Recsys.Engine.Data;
using Recsys.Engine.Models;
using Recsys.Engine.Numerics;
using Recsys.Engine.Storage;

namespace Recsys.Engine.Als;

public sealed partial class AlsModel
{
    private const string UserTensor = "user_factors";
    private const string ItemTensor = "item_factors";

    /// <inheritdoc/>
    public ModelContents ToContents()
    {
        var options = new JsonObject
        {
            ["factors"] = Options.Factors,
            ["alpha"] = Options.EffectiveAlpha,
            ["regularization"] = Options.Regularization,
            ["regularization-exponent"] = Options.RegularizationExponent,
            ["unobserved-weight"] = Options.UnobservedWeight,
            ["iterations"] = Options.Iterations,
            ["solver"] = SolverName(Options.Solver),
            ["cg-steps"] = Options.CgSteps,
            ["subspace-size"] = Options.SubspaceSize,
            ["init-stddev"] = Options.InitStdDev,
            ["seed"] = Options.Seed,
        };
        var tensors = new Dictionary<string, Tensor>
        {
            [UserTensor] = Tensor.From(_userFactors),
            [ItemTensor] = Tensor.From(_itemFactors),
        };
        var facts = new ModelFacts(Algorithm, options, Losses) { Dataset = DatasetName, TrainingSeconds = TrainingSeconds };
        return new ModelContents(facts, tensors, Users, Items, Histories);
    }

    /// <summary>The model that <see cref="ToContents"/> described; the arrays are copied.</summary>
    /// <exception cref="RecsysException">The contents are not those of an ALS model.</exception>
    public static AlsModel FromContents(ModelContents contents)
    {
        var stored = contents.Facts.Options;
        var options = new AlsOptions
        {
            Factors = Get<int>(stored, "factors"),
            Alpha = Get<double>(stored, "alpha"),
            Regularization = Get<double>(stored, "regularization"),
            RegularizationExponent = Get<double>(stored, "regularization-exponent"),
            UnobservedWeight = stored["unobserved-weight"] is null ? null : Get<double>(stored, "unobserved-weight"),
            Iterations = Get<int>(stored, "iterations"),
            Solver = ParseSolver(Get<string>(stored, "solver")),
            CgSteps = Get<int>(stored, "cg-steps"),
            SubspaceSize = Get<int>(stored, "subspace-size"),
            InitStdDev = Get<double>(stored, "init-stddev"),
            Seed = Get<int>(stored, "seed"),
        };
        options.Validate();
        var users = Read(contents, UserTensor, contents.Users.Count, options.Factors);
        var items = Read(contents, ItemTensor, contents.Items.Count, options.Factors);
        var data = new Dataset(contents.Users, contents.Items, contents.Histories) { Name = contents.Facts.Dataset };
        return new AlsModel(data, options, users, items, contents.Facts.Losses, contents.Facts.TrainingSeconds);
    }

    /// <summary>The solver of a command-line name: cholesky, cg or subspace.</summary>
    /// <exception cref="InvalidOptionException">There is no such solver.</exception>
    public static AlsSolver ParseSolver(string name) => name switch
    {
        "cholesky" => AlsSolver.Cholesky,
        "cg" => AlsSolver.ConjugateGradient,
        "subspace" => AlsSolver.Subspace,
        _ => throw new InvalidOptionException($"solver: '{name}'; expected cholesky, cg or subspace"),
    };

    /// <summary>The command-line name of a solver.</summary>
    public static string SolverName(AlsSolver solver) => solver switch
    {
        AlsSolver.ConjugateGradient => "cg",
        AlsSolver.Subspace => "subspace",
        _ => "cholesky",
    };

    private static T Get<T>(JsonObject options, string name)
    {
        try
        {
            return (options[name] ?? throw new RecsysException($"ALS model: the option '{name}' is missing")).GetValue<T>();
        }
        catch (Exception e) when (e is InvalidOperationException or FormatException)
        {
            throw new RecsysException($"ALS model: the option '{name}' is {options[name]!.ToJsonString()}", e);
        }
    }

    private static unsafe DenseMatrix Read(ModelContents contents, string name, int rows, int columns)
    {
        if (!contents.Tensors.TryGetValue(name, out var tensor))
        {
            throw new RecsysException($"ALS model: the array '{name}' is missing");
        }

        if (tensor.Type != TensorType.F32 || tensor.Shape is not [var r, var c] || r != rows || c != columns)
        {
            throw new RecsysException(
                $"ALS model: the array '{name}' is {tensor.Type} {string.Join("×", tensor.Shape)}; expected F32 {rows}×{columns}");
        }

        var matrix = new DenseMatrix(rows, columns);
        for (int row = 0; row < rows; row++)
        {
            new ReadOnlySpan<float>(tensor.Data + (row * tensor.RowBytes), columns).CopyTo(matrix.Row(row));
        }

        GC.KeepAlive(tensor);
        return matrix;
    }
}
