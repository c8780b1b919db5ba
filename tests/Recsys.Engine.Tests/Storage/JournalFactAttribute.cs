namespace Recsys.Engine.Tests.Storage;

/// <summary>A test of the contract of journals. The Engine's need nothing; the cluster's tests have an attribute of this name for theirs.</summary>
internal sealed class JournalFactAttribute : FactAttribute;
