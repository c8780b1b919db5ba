namespace Recsys.Silo.Hosting;

/// <summary>A directory of data that begins empty and is gone afterwards.</summary>
internal sealed class TemporaryData : IDisposable
{
    private readonly string _directory;

    public TemporaryData(string directory)
    {
        _directory = directory;
        Dispose();
        Directory.CreateDirectory(directory);
    }

    public void Dispose()
    {
        if (Directory.Exists(_directory))
        {
            Directory.Delete(_directory, recursive: true);
        }
    }
}
