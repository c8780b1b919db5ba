using System.Text.Json.Nodes;
using Recsys.Engine.Data;
using Recsys.Engine.Numerics;
using Recsys.Engine.Storage;

namespace Recsys.Engine.Tests.Storage;

/// <summary>Contents of a small model with every kind of array, odd shapes and awkward ids.</summary>
internal static class SampleModel
{
    public static ModelContents Make(int users = 7, int items = 5, int k = 3, int seed = 1, bool values = true)
    {
        var random = new Random(seed);
        var userIds = IdTable.FromStrings(Enumerable.Range(0, users).Select(i => i switch
        {
            0 => "line\nend\ttab \"quoted\"",
            1 => "Zoë – 東京 🎬",
            _ => $"user {i}",
        }));
        var itemIds = IdTable.Sequential(items);
        var offsets = new long[users + 1];
        var columns = new List<int>();
        for (int u = 0; u < users; u++)
        {
            columns.AddRange(Enumerable.Range(0, items).Where(_ => random.Next(2) == 0));
            offsets[u + 1] = columns.Count;
        }

        var weights = values ? columns.Select(_ => random.NextSingle()).ToArray() : null;
        var histories = new SparseMatrix(users, items, offsets, [.. columns], weights);
        var tensors = new Dictionary<string, Tensor>
        {
            ["user_factors"] = Tensor.From(Matrix(random, users, k)),
            ["item_factors"] = Tensor.From(Matrix(random, items, k)),
            ["aligned"] = Tensor.From(Matrix(random, 4, 16)),
            ["counts"] = Tensor.Copy<int>([3, 1, 4, 1, 5], TensorType.I32),
            ["biases"] = Tensor.Copy<double>([0.5, double.NegativeInfinity, -0.0], TensorType.F64),
            ["halves"] = Tensor.Copy<Half>([(Half)1.5, Half.NaN], TensorType.F16),
            ["bytes"] = Tensor.Copy<byte>([1, 2, 255], TensorType.U8),
            ["empty"] = Tensor.Copy<float>([], TensorType.F32),
        };
        var facts = new ModelFacts("sample", new JsonObject { ["factors"] = k, ["seed"] = seed, ["solver"] = "cg" }, [10.5, 9.25, double.NaN])
        {
            Dataset = "made up",
            TrainingSeconds = 1.25,
            Created = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero),
            Metrics = new Dictionary<string, double> { ["ndcg@100"] = 0.43 },
        };
        return new ModelContents(facts, tensors, userIds, itemIds, histories);
    }

    public static DenseMatrix Matrix(Random random, int rows, int columns)
    {
        var matrix = new DenseMatrix(rows, columns);
        for (int r = 0; r < rows; r++)
        {
            foreach (ref float x in matrix.Row(r))
            {
                x = (random.NextSingle() * 2) - 1;
            }
        }

        return matrix;
    }

    /// <summary>The bytes of an array without padding.</summary>
    public static unsafe byte[] Bytes(Tensor tensor)
    {
        var bytes = new List<byte>();
        long payload = TensorLayout.RowPayload(tensor.Type, tensor.Shape);
        Assert.True(TensorLayout.TryBytes(tensor.Type, tensor.Shape, out long total));
        for (long r = 0; payload > 0 && r < total / payload; r++)
        {
            bytes.AddRange(new ReadOnlySpan<byte>(tensor.Data + (r * tensor.RowBytes), (int)payload));
        }

        GC.KeepAlive(tensor.Owner);
        return [.. bytes];
    }

    /// <summary>Asserts that what was opened is what was saved, to the bit.</summary>
    public static void AssertSame(ModelContents expected, StoredModel actual)
    {
        Assert.Equal(expected.Tensors.Keys.Order(), actual.Tensors.Keys.Order());
        foreach (var (name, tensor) in expected.Tensors)
        {
            var mapped = actual.Map(name);
            Assert.Equal(tensor.Type, mapped.Type);
            Assert.Equal(tensor.Shape, mapped.Shape);
            Assert.Equal(Bytes(tensor), Bytes(mapped));
            (mapped.Owner as IDisposable)?.Dispose();
        }

        AssertSameIds(expected.Users, actual.Users);
        AssertSameIds(expected.Items, actual.Items);
        Assert.True(expected.Histories.Offsets.SequenceEqual(actual.Histories.Offsets));
        Assert.True(expected.Histories.AllColumns.SequenceEqual(actual.Histories.AllColumns));
        Assert.Equal(expected.Histories.HasValues, actual.Histories.HasValues);
        Assert.True(expected.Histories.AllValues.SequenceEqual(actual.Histories.AllValues));
        Assert.Equal(expected.Facts.Algorithm, actual.Facts.Algorithm);
        Assert.Equal(expected.Facts.Losses, actual.Facts.Losses);
        Assert.Equal(expected.Facts.Metrics, actual.Facts.Metrics);
        Assert.Equal(expected.Facts.Created, actual.Facts.Created);
        Assert.Equal(expected.Facts.Dataset, actual.Facts.Dataset);
        Assert.Equal(expected.Facts.TrainingSeconds, actual.Facts.TrainingSeconds);
        Assert.True(JsonNode.DeepEquals(expected.Facts.Options, actual.Facts.Options));
    }

    private static void AssertSameIds(IdTable expected, IdTable actual)
    {
        Assert.Equal(expected.Count, actual.Count);
        for (int i = 0; i < expected.Count; i++)
        {
            Assert.True(expected.Utf8(i).SequenceEqual(actual.Utf8(i)));
        }
    }
}
