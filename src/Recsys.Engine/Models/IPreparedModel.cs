using Recsys.Engine.Serving;

namespace Recsys.Engine.Models;

/// <summary>A model that can be made ready to answer many requests. What it answers stays the same, bit for bit.</summary>
public interface IPreparedModel
{
    /// <summary>Called once, before the model answers anybody.</summary>
    void Prepare(ServingOptions options);
}
