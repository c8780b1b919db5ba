using Orleans.Runtime;

namespace Recsys.Grains;

/// <summary>
/// References to grains, for paths that make one a call. <see cref="IGrainFactory.GetGrain{T}(string, string)"/> reads the interface's
/// attributes by reflection every time, which takes longer than sending the message; what it finds is the same every time.
/// </summary>
internal static class KnownGrains
{
    /// <summary>The grain with a key.</summary>
    public static T Known<T>(this IGrainFactory grains, string key)
        where T : class, IGrainWithStringKey =>
        Address<T>.Found is { } address
            ? (T)grains.GetGrain(GrainId.Create(address.Grain, IdSpan.Create(key)), address.Interface)
            : Address<T>.Keep(grains.GetGrain<T>(key));

    /// <summary>The grain with a number.</summary>
    public static T Known<T>(this IGrainFactory grains, long key)
        where T : class, IGrainWithIntegerKey =>
        Address<T>.Found is { } address
            ? (T)grains.GetGrain(GrainId.Create(address.Grain, GrainIdKeyExtensions.CreateIntegerKey(key)), address.Interface)
            : Address<T>.Keep(grains.GetGrain<T>(key));

    private sealed record Types(GrainType Grain, GrainInterfaceType Interface);

    // Named by attributes: the same in every cluster this process knows.
    private static class Address<T>
        where T : class, IAddressable
    {
        public static Types? Found { get; private set; }

        public static T Keep(T grain)
        {
            var reference = (GrainReference)(object)grain;
            Found = new Types(reference.GrainId.Type, reference.InterfaceType);
            return grain;
        }
    }
}
