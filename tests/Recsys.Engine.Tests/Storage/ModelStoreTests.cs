using System.Text;
using Recsys.Engine.Compute;
using Recsys.Engine.Data;
using Recsys.Engine.Numerics;
using Recsys.Engine.Storage;

namespace Recsys.Engine.Tests.Storage;

public sealed class ModelStoreTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(true, ModelVerification.OnRead)]
    [InlineData(false, ModelVerification.Full)]
    [InlineData(true, ModelVerification.Sha256)]
    public void What_is_opened_is_what_was_saved(bool values, ModelVerification verify)
    {
        var contents = SampleModel.Make(values: values);
        ModelStore.Save(contents, _folder["new/model"]);
        using var stored = ModelStore.Open(_folder["new/model"], new OpenOptions { Verify = verify });
        SampleModel.AssertSame(contents, stored);
        Assert.Equal(["model"], Directory.GetFileSystemEntries(_folder["new"]).Select(Path.GetFileName));
        Assert.Equal(64, stored.Facts.DataFingerprint.Length);
        Assert.Equal(0.5, stored.Array<double>("biases", 3)[0]);
        using var counts = stored.Vector<int>("counts", 5);
        Assert.Equal([3, 1, 4, 1, 5], counts.AsSpan().ToArray());
    }

    [Fact]
    public void A_model_without_users_items_or_arrays_is_stored_too()
    {
        var none = new IdTable();
        var contents = SampleModel.Make() with
        {
            Users = none,
            Items = none,
            Histories = new SparseMatrix(0, 0, [0], []),
            Tensors = new Dictionary<string, Tensor>(),
        };
        ModelStore.Save(contents, _folder["m"]);
        using var stored = ModelStore.Open(_folder["m"]);
        SampleModel.AssertSame(contents, stored);
    }

    [Fact]
    public unsafe void Arrays_larger_than_many_chunks_come_back_read_and_mapped()
    {
        // 9.2 MB in rows that straddle the 4 MB chunks, padded in memory.
        using var matrix = SampleModel.Matrix(new Random(3), 1777, 1301);
        var contents = SampleModel.Make() with
        {
            Tensors = new Dictionary<string, Tensor>
            {
                ["w"] = Tensor.From(matrix),
                ["v"] = Tensor.Copy<int>(Enumerable.Range(0, 3_000_001).ToArray(), TensorType.I32),
            },
        };
        ModelStore.Save(contents, _folder["m"]);
        foreach (int threads in new[] { 1, 2, 5 })
        {
            using var stored = ModelStore.Open(_folder["m"], new OpenOptions { Threads = threads });
            using var read = stored.Matrix("w", 1777, 1301);
            var mapped = stored.Map("w");
            for (int r = 0; r < matrix.Rows; r++)
            {
                Assert.True(matrix.Row(r).SequenceEqual(read.Row(r)));
                Assert.True(matrix.Row(r).SequenceEqual(new ReadOnlySpan<float>(mapped.Data + (r * mapped.RowBytes), matrix.Columns)));
                Assert.Equal(0, new ReadOnlySpan<float>(read.RowPointer(r), read.Stride)[matrix.Columns..].IndexOfAnyExcept(0f) + 1);
            }

            using var v = stored.Vector<int>("v");
            Assert.Equal(3_000_000, v[3_000_000]);
            ((IDisposable)mapped.Owner!).Dispose();
        }
    }

    [Fact]
    public void Arrays_are_what_a_reader_made_from_the_specification_finds()
    {
        var contents = SampleModel.Make();
        ModelStore.Save(contents, _folder["m"]);
        var arrays = SpecificationReader.Read(_folder["m/model.safetensors"]);
        Assert.Equal(contents.Tensors.Count, arrays.Count);
        foreach (var (name, tensor) in contents.Tensors)
        {
            Assert.Equal(tensor.Type.ToString(), arrays[name].Dtype);
            Assert.Equal(tensor.Shape, arrays[name].Shape);
            Assert.Equal(SampleModel.Bytes(tensor), arrays[name].Bytes);
        }

        Assert.Equal(0, arrays["aligned"].FilePosition % 64);
        Assert.Equal(0, arrays["biases"].FilePosition % 8);
        var histories = SpecificationReader.Read(_folder["m/histories.safetensors"]);
        Assert.Equal(contents.Histories.Offsets.ToArray(), histories["row_offsets"].Longs());
        Assert.Equal(contents.Histories.AllColumns.ToArray(), histories["columns"].Ints());
        Assert.Equal(contents.Histories.AllValues.ToArray(), histories["values"].Floats());
        var ids = SpecificationReader.Read(_folder["m/ids.safetensors"]);
        long[] offsets = ids["users.offsets"].Longs();
        var users = offsets.Zip(offsets.Skip(1)).Select(o => Encoding.UTF8.GetString(ids["users.utf8"].Bytes[(int)o.First..(int)o.Second]));
        Assert.Equal(Enumerable.Range(0, contents.Users.Count).Select(i => contents.Users[i]), users);
    }

    [Fact]
    public void The_same_model_makes_the_same_arrays_to_the_byte()
    {
        ModelStore.Save(SampleModel.Make(), _folder["a"]);
        ModelStore.Save(SampleModel.Make(), _folder["b"]);
        foreach (string file in Directory.GetFiles(_folder["a"], "*.safetensors"))
        {
            Assert.Equal(File.ReadAllBytes(file), File.ReadAllBytes(Path.Combine(_folder["b"], Path.GetFileName(file))));
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_model_is_replaced_only_when_asked(bool withoutExchange)
    {
        var first = SampleModel.Make(seed: 1);
        var second = SampleModel.Make(seed: 2, items: 9);
        ModelStore.Save(first, _folder["m"]);
        Assert.Contains("stands there already", Assert.Throws<RecsysException>(() => ModelStore.Save(second, _folder["m"])).Message, StringComparison.Ordinal);
        using (var stored = ModelStore.Open(_folder["m"]))
        {
            SampleModel.AssertSame(first, stored);
            ModelDirectory.WithoutExchange = withoutExchange;
            try
            {
                ModelStore.Save(second, _folder["m"], new SaveOptions { Overwrite = true });
            }
            finally
            {
                ModelDirectory.WithoutExchange = false;
            }

            // What was opened before stays the model it was.
            SampleModel.AssertSame(first, stored);
        }

        using var replaced = ModelStore.Open(_folder["m"]);
        SampleModel.AssertSame(second, replaced);
        Assert.Single(Directory.GetFileSystemEntries(_folder.Path));
    }

    [Fact]
    public void What_is_no_model_is_never_replaced()
    {
        Directory.CreateDirectory(_folder["documents"]);
        File.WriteAllText(_folder["documents/letter.txt"], "dear");
        File.WriteAllText(_folder["file"], "x");
        var options = new SaveOptions { Overwrite = true };
        Assert.Contains("no model", Assert.Throws<RecsysException>(() => ModelStore.Save(SampleModel.Make(), _folder["documents"], options)).Message, StringComparison.Ordinal);
        Assert.Contains("a file", Assert.Throws<RecsysException>(() => ModelStore.Save(SampleModel.Make(), _folder["file"], options)).Message, StringComparison.Ordinal);
        Assert.Throws<RecsysException>(() => ModelStore.Save(SampleModel.Make(), _folder["file/below"], options));
        Assert.Equal("dear", File.ReadAllText(_folder["documents/letter.txt"]));
        Assert.Equal(2, Directory.GetFileSystemEntries(_folder.Path).Length);
        Directory.CreateDirectory(_folder["empty"]);
        ModelStore.Save(SampleModel.Make(), _folder["empty"]);
        ModelStore.Open(_folder["empty"]).Dispose();
    }

    [Fact]
    public void Through_a_link_the_directory_it_names_is_replaced()
    {
        ModelStore.Save(SampleModel.Make(seed: 1), _folder["real"]);
        Directory.CreateSymbolicLink(_folder["link"], _folder["real"]);
        var second = SampleModel.Make(seed: 2);
        ModelStore.Save(second, _folder["link"], new SaveOptions { Overwrite = true });
        Assert.NotNull(new DirectoryInfo(_folder["link"]).LinkTarget);
        using var stored = ModelStore.Open(_folder["real"]);
        SampleModel.AssertSame(second, stored);
    }

    [Fact]
    public void Cancelling_or_failing_leaves_what_was_there_and_nothing_else()
    {
        var first = SampleModel.Make(seed: 1);
        ModelStore.Save(first, _folder["m"]);
        var overwrite = new SaveOptions { Overwrite = true };
        using var source = new CancellationTokenSource();
        Assert.Throws<OperationCanceledException>(() => ModelStore.Save(
            SampleModel.Make(seed: 2), _folder["m"], overwrite, new Immediately(_ => source.Cancel()), source.Token));
        Assert.Throws<InvalidOperationException>(() => ModelStore.Save(
            SampleModel.Make(seed: 2), _folder["m"], overwrite, new Immediately(_ => throw new InvalidOperationException())));
        Assert.Throws<InvalidOperationException>(() => ModelStore.Save(
            SampleModel.Make(seed: 2), _folder["other"], overwrite, new Immediately(_ => throw new InvalidOperationException())));
        Assert.Single(Directory.GetFileSystemEntries(_folder.Path));
        using var stored = ModelStore.Open(_folder["m"]);
        SampleModel.AssertSame(first, stored);
    }

    [Fact]
    public void Progress_tells_all_bytes()
    {
        var reports = new List<TrainingProgress>();
        ModelStore.Save(SampleModel.Make(), _folder["m"], null, new Immediately(reports.Add));
        Assert.Equal(reports[^1].Total, reports[^1].Done);
        Assert.Equal(reports.Select(r => r.Done).Order(), reports.Select(r => r.Done));
    }

    [Fact]
    public void Two_savers_of_one_name_do_not_meet()
    {
        using (ModelDirectory.Begin(_folder["m"], overwrite: true))
        {
            Assert.Contains("another process", Assert.Throws<RecsysException>(() => ModelStore.Save(SampleModel.Make(), _folder["m"])).Message, StringComparison.Ordinal);
        }

        ModelStore.Save(SampleModel.Make(), _folder["m"]);
        Assert.Single(Directory.GetFileSystemEntries(_folder.Path));
    }

    [Fact]
    public void What_a_crash_left_is_ignored_and_cleared()
    {
        var first = SampleModel.Make(seed: 1);
        ModelStore.Save(first, _folder["m"]);

        // Between the two renames of a replacement without exchange: the old one aside, the new one not yet there.
        Directory.Move(_folder["m"], _folder[".m.old"]);
        Directory.CreateDirectory(_folder[".m.tmp-0123"]);
        File.WriteAllText(_folder[".m.tmp-0123/model.safetensors"], "half");
        using (var stored = ModelStore.Open(_folder["m"]))
        {
            SampleModel.AssertSame(first, stored);
        }

        Assert.Contains("stands there already", Assert.Throws<RecsysException>(() => ModelStore.Save(SampleModel.Make(), _folder["m"])).Message, StringComparison.Ordinal);
        Assert.Equal(["m"], Directory.GetFileSystemEntries(_folder.Path).Select(Path.GetFileName));

        // After them: both there.
        var second = SampleModel.Make(seed: 2);
        Directory.Move(_folder["m"], _folder[".m.old"]);
        ModelStore.Save(second, _folder["x"]);
        Directory.Move(_folder["x"], _folder["m"]);
        using (var stored = ModelStore.Open(_folder["m"]))
        {
            SampleModel.AssertSame(second, stored);
        }

        ModelStore.Save(first, _folder["m"], new SaveOptions { Overwrite = true });
        Assert.Equal(["m"], Directory.GetFileSystemEntries(_folder.Path).Select(Path.GetFileName));
    }

    [Fact]
    public async Task Readers_of_a_model_that_is_replaced_all_the_time_see_one_or_the_other()
    {
        var models = new[] { SampleModel.Make(seed: 1), SampleModel.Make(seed: 2, users: 30) };
        ModelStore.Save(models[0], _folder["m"]);
        using var source = new CancellationTokenSource();
        int opened = 0;
        var reader = Task.Run(() =>
        {
            while (!source.IsCancellationRequested)
            {
                using var stored = ModelStore.Open(_folder["m"]);
                SampleModel.AssertSame(stored.Users.Count == 30 ? models[1] : models[0], stored);
                Interlocked.Increment(ref opened);
            }
        });
        for (int i = 1; i <= 20 || (Volatile.Read(ref opened) < 40 && !reader.IsCompleted); i++)
        {
            ModelDirectory.WithoutExchange = i % 2 == 0;
            ModelStore.Save(models[i % 2], _folder["m"], new SaveOptions { Overwrite = true });
        }

        ModelDirectory.WithoutExchange = false;
        await source.CancelAsync();
        await reader;
    }

    [Fact]
    public void A_wrong_type_or_shape_or_name_is_told()
    {
        ModelStore.Save(SampleModel.Make(), _folder["m"]);
        using var stored = ModelStore.Open(_folder["m"]);
        string message = Assert.Throws<ModelFormatException>(() => stored.Matrix("item_factors", stored.Items.Count + 1, 3)).Message;
        Assert.EndsWith("model.safetensors: array item_factors F32 [5, 3]: F32 [6, 3] was expected", message, StringComparison.Ordinal);
        Assert.Throws<ModelFormatException>(() => stored.Matrix("counts"));
        Assert.Throws<ModelFormatException>(() => stored.Matrix("nothing"));
        Assert.Throws<ModelFormatException>(() => stored.Vector<float>("counts"));
        Assert.Throws<ModelFormatException>(() => stored.Vector<int>("counts", 4));
        Assert.Throws<ModelFormatException>(() => stored.Array<float>("item_factors"));
    }

    [Fact]
    [Trait("Category", "Long")]
    public unsafe void An_array_of_more_than_two_gigabytes_comes_back()
    {
        const int Rows = 23_500;
        const int Columns = 23_501;
        using var matrix = new DenseMatrix(Rows, Columns);
        for (int r = 0; r < Rows; r++)
        {
            matrix[r, r % Columns] = r + 1;
            matrix[r, Columns - 1] = -r;
        }

        ModelStore.Save(SampleModel.Make() with { Tensors = new Dictionary<string, Tensor> { ["w"] = Tensor.From(matrix) } }, _folder["m"]);
        using var stored = ModelStore.Open(_folder["m"]);
        var mapped = stored.Map("w");
        Assert.True(stored.Tensors["w"].Bytes > 1L << 31);
        for (int r = 0; r < Rows; r++)
        {
            Assert.True(matrix.Row(r).SequenceEqual(new ReadOnlySpan<float>(mapped.Data + (r * mapped.RowBytes), Columns)), $"row {r}");
        }

        ((IDisposable)mapped.Owner!).Dispose();
    }

    [Fact]
    public void Contents_that_do_not_agree_are_refused_before_anything_is_written()
    {
        var contents = SampleModel.Make() with { Users = IdTable.Sequential(8) };
        Assert.Throws<RecsysException>(() => ModelStore.Save(contents, _folder["m"]));
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Path));
    }

    private sealed class Immediately(Action<TrainingProgress> report) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => report(value);
    }
}
