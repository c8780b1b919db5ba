namespace Recsys.Grains.Training;

/// <summary>Another coordinator has taken the training over: this one stops and changes nothing.</summary>
internal sealed class NotCoordinatorException(string training) : Exception($"training '{training}' has another coordinator");
