namespace Recsys.Engine.Storage;

/// <summary>The opened files of one model directory. Once open, they are one model's even if the directory is replaced.</summary>
internal sealed class ModelFiles : IDisposable
{
    public const string ArraysFile = "model.safetensors";

    private readonly string _directory;
    private readonly Manifest _manifest;
    private readonly OpenOptions _options;
    private readonly SafetensorsFile _ids;
    private readonly SafetensorsFile _histories;
    private SafetensorsFile? _arrays;

    /// <param name="directory">Where they are.</param>
    /// <param name="manifest">The bytes of the manifest.</param>
    /// <param name="options">How to open them.</param>
    /// <param name="arrays">False: the file of the arrays is not there.</param>
    public ModelFiles(string directory, byte[] manifest, OpenOptions options, bool arrays = true)
    {
        _directory = directory;
        _options = options;
        _manifest = Manifest.Parse(manifest, In(Manifest.FileName));
        _arrays = arrays ? Open(ArraysFile) : null;
        try
        {
            _ids = Open(StoredTables.IdsFile);
            try
            {
                _histories = Open(StoredTables.HistoriesFile);
            }
            catch
            {
                _ids.Dispose();
                throw;
            }
        }
        catch
        {
            _arrays?.Dispose();
            throw;
        }
    }

    /// <summary>Reads ids and histories and hands the arrays over to the model.</summary>
    public StoredModel Read(CancellationToken cancellationToken)
    {
        var arrays = _arrays;
        if (_options.Verify == ModelVerification.Full)
        {
            arrays?.Verify(cancellationToken); // the others are read whole
        }
        else if (_options.Verify == ModelVerification.Sha256)
        {
            arrays?.VerifySha256(cancellationToken);
            _ids.VerifySha256(cancellationToken);
            _histories.VerifySha256(cancellationToken);
        }

        var users = StoredTables.ReadIds(_ids, In(StoredTables.IdsFile), StoredTables.Users, _manifest.Users);
        cancellationToken.ThrowIfCancellationRequested();
        var items = StoredTables.ReadIds(_ids, In(StoredTables.IdsFile), StoredTables.Items, _manifest.Items);
        cancellationToken.ThrowIfCancellationRequested();
        var histories = StoredTables.ReadHistories(_histories, In(StoredTables.HistoriesFile), users.Count, items.Count);
        if (histories.Count != _manifest.Interactions)
        {
            throw new ModelFormatException(
                In(StoredTables.HistoriesFile), $"holds {histories.Count} interactions, the manifest says {_manifest.Interactions}");
        }

        _arrays = null;
        return new StoredModel(_directory, _manifest, arrays, users, items, histories);
    }

    public void Dispose()
    {
        _arrays?.Dispose();
        _ids.Dispose();
        _histories.Dispose();
    }

    private string In(string name) => Path.Combine(_directory, name);

    private SafetensorsFile Open(string name) => _manifest.Files.TryGetValue(name, out var file)
        ? new SafetensorsFile(In(name), file, _options.Threads)
        : throw new ModelFormatException(In(Manifest.FileName), $"does not name the file {name}");
}
