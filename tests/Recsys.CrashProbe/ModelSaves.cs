using System.Text.Json.Nodes;
using Recsys.Engine.Data;
using Recsys.Engine.Numerics;
using Recsys.Engine.Storage;

namespace Recsys.CrashProbe;

/// <summary>Saves one model after the other over the same name until it is killed.</summary>
internal static class ModelSaves
{
    private const int Size = 700; // arrays of 2 MB: a save takes several milliseconds

    public static void Run(string folder, bool withoutExchange)
    {
        ModelDirectory.WithoutExchange = withoutExchange;
        Console.Out.WriteLine("ready");
        Console.Out.Flush();
        for (int number = 1; ; number++)
        {
            ModelStore.Save(Make(number), folder, new SaveOptions { Overwrite = true });
        }
    }

    public static ModelContents Make(int number)
    {
        var matrix = new DenseMatrix(Size, Size);
        for (int r = 0; r < Size; r++)
        {
            matrix.Row(r).Fill(number);
        }

        var ids = IdTable.Sequential(Size);
        return new ModelContents(
            new ModelFacts("probe", new JsonObject { ["number"] = number }, []),
            new Dictionary<string, Tensor> { ["weights"] = Tensor.From(matrix) },
            ids,
            ids,
            new SparseMatrix(Size, Size, new long[Size + 1], []));
    }

    /// <summary>Whether a stored model is whole and of one save.</summary>
    public static bool IsWhole(StoredModel stored)
    {
        using var matrix = stored.Matrix("weights", Size, Size);
        int number = stored.Facts.Options["number"]!.GetValue<int>();
        for (int r = 0; r < Size; r++)
        {
            if (matrix.Row(r).ContainsAnyExcept(number))
            {
                return false;
            }
        }

        return true;
    }
}
