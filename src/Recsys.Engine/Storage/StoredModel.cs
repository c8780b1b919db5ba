using Recsys.Engine.Data;
using Recsys.Engine.Numerics;

namespace Recsys.Engine.Storage;

/// <summary>
/// A stored model opened for reading. Facts, ids and histories are in memory; arrays are read or mapped when asked
/// for. What was read or mapped outlives this object: it belongs to the caller.
/// </summary>
public sealed unsafe class StoredModel : IDisposable
{
    private readonly SafetensorsFile? _file;
    private readonly string _prefix = "";

    internal StoredModel(string directory, Manifest manifest, SafetensorsFile? arrays, IdTable users, IdTable items, SparseMatrix histories)
    {
        Directory = directory;
        EngineVersion = manifest.EngineVersion;
        Facts = manifest.Facts;
        _file = arrays;
        Users = users;
        Items = items;
        Histories = histories;
        Bytes = manifest.Files.Values.Sum(f => f.Bytes);
    }

    private StoredModel(StoredModel whole, string prefix, ModelFacts facts)
    {
        Directory = whole.Directory;
        EngineVersion = whole.EngineVersion;
        Facts = facts;
        _file = whole._file;
        _prefix = whole._prefix + prefix;
        Users = whole.Users;
        Items = whole.Items;
        Histories = whole.Histories;
        Bytes = Tensors.Values.Sum(t => t.Bytes);
    }

    /// <summary>Where it was opened.</summary>
    public string Directory { get; }

    /// <summary>Version of the engine that wrote it.</summary>
    public string EngineVersion { get; }

    /// <summary>Bytes of its files, without the manifest.</summary>
    public long Bytes { get; }

    /// <summary>Algorithm, options, data, losses, metrics.</summary>
    public ModelFacts Facts { get; }

    /// <summary>User ids.</summary>
    public IdTable Users { get; }

    /// <summary>Item ids.</summary>
    public IdTable Items { get; }

    /// <summary>Training histories, users × items.</summary>
    public SparseMatrix Histories { get; }

    /// <summary>The arrays by name: type and shape.</summary>
    public IReadOnlyDictionary<string, TensorInfo> Tensors => _prefix.Length == 0
        ? Arrays.Tensors
        : Arrays.Tensors.Where(t => t.Key.StartsWith(_prefix, StringComparison.Ordinal)).ToDictionary(t => t.Key[_prefix.Length..], t => t.Value);

    /// <summary>Whether there is an array of that name.</summary>
    public bool Has(string name) => Arrays.Tensors.ContainsKey(_prefix + name);

    /// <summary>Reads a float32 matrix in parallel into aligned memory, which the caller owns.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="rows">Rows it must have, e.g. the number of users; −1: any.</param>
    /// <param name="columns">Columns it must have; −1: any.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    /// <exception cref="ModelFormatException">Not there, of another type or shape, or altered.</exception>
    public DenseMatrix Matrix(string name, int rows = -1, int columns = -1, CancellationToken cancellationToken = default)
    {
        var tensor = Arrays[_prefix + name];
        if (tensor.Type != TensorType.F32 || tensor.Shape.Count != 2
            || tensor.Shape[0] > int.MaxValue || tensor.Shape[1] > int.MaxValue - 16
            || (rows >= 0 && tensor.Shape[0] != rows) || (columns >= 0 && tensor.Shape[1] != columns))
        {
            throw WrongShape(tensor, $"F32 [{Any(rows)}, {Any(columns)}]");
        }

        var matrix = new DenseMatrix((int)tensor.Shape[0], (int)tensor.Shape[1]);
        try
        {
            Arrays.Read(tensor, (byte*)matrix.Pointer, (long)matrix.Stride * sizeof(float), cancellationToken);
            return matrix;
        }
        catch
        {
            matrix.Dispose();
            throw;
        }
    }

    /// <summary>Reads a one-dimensional array into native memory, which the caller owns.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="length">Elements it must have; −1: any.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    /// <exception cref="ModelFormatException">Not there, of another type or length, or altered.</exception>
    public NativeBuffer<T> Vector<T>(string name, long length = -1, CancellationToken cancellationToken = default)
        where T : unmanaged
    {
        var tensor = CheckedVector<T>(name, length);
        var buffer = new NativeBuffer<T>(tensor.Shape[0]);
        try
        {
            Arrays.Read(tensor, (byte*)buffer.Pointer, tensor.Bytes, cancellationToken);
            return buffer;
        }
        catch
        {
            buffer.Dispose();
            throw;
        }
    }

    /// <summary>Reads a one-dimensional array into managed memory.</summary>
    /// <inheritdoc cref="Vector{T}"/>
    public T[] Array<T>(string name, long length = -1, CancellationToken cancellationToken = default)
        where T : unmanaged
    {
        _ = CheckedVector<T>(name, length);
        return Arrays.ReadArray<T>(_prefix + name, cancellationToken);
    }

    /// <summary>
    /// Maps an array read-only: no memory is taken, pages come from the file as they are touched. Its first element
    /// is 64-byte aligned where the sizes of the arrays allow (always where all are multiples of 64 bytes), and
    /// always aligned to the element. Dispose the tensor's owner to unmap it, or leave that to the collector.
    /// The file must not be shortened in place meanwhile; replacing the model by saving another does no harm.
    /// </summary>
    /// <param name="name">Its name.</param>
    /// <param name="verify">False: do not read and check all of it first.</param>
    /// <param name="cancellationToken">Stops checking.</param>
    public Tensor Map(string name, bool verify = true, CancellationToken cancellationToken = default) =>
        Arrays.Map(Arrays[_prefix + name], verify, cancellationToken);

    /// <summary>
    /// A model stored within this one: its arrays are those whose names begin with <paramref name="prefix"/>, called by
    /// the rest of their names; ids and histories are shared. Disposing it leaves this one open, which must outlive it.
    /// </summary>
    internal StoredModel Part(string prefix, ModelFacts facts) => new(this, prefix, facts);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_prefix.Length == 0)
        {
            _file?.Dispose();
        }
    }

    private SafetensorsFile Arrays => _file ?? throw new ModelFormatException(Directory, "was opened without its arrays");

    private static string Any(long extent) => extent < 0 ? "any" : extent.ToString(System.Globalization.CultureInfo.InvariantCulture);

    private TensorInfo CheckedVector<T>(string name, long length)
        where T : unmanaged
    {
        var tensor = Arrays.Vector<T>(_prefix + name);
        return length < 0 || tensor.Shape[0] == length ? tensor : throw WrongShape(tensor, $"[{length}]");
    }

    private ModelFormatException WrongShape(TensorInfo tensor, string expected) => new(
        Path.Combine(Directory, ModelFiles.ArraysFile), $"array {tensor}: {expected} was expected");
}
