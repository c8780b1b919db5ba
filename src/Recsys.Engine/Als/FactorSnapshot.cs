namespace Recsys.Engine.Als;

/// <summary>All factors of a training after <paramref name="Completed"/> iterations, by virtual block, in memory of their own.</summary>
internal sealed record FactorSnapshot(int Completed, FactorBlock[] Users, FactorBlock[] Items) : IDisposable
{
    public long Bytes => Users.Concat(Items).Sum(b => b.Owner.Bytes);

    public void Dispose()
    {
        foreach (var block in Users.Concat(Items))
        {
            block.Free();
        }
    }
}
