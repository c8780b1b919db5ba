namespace Recsys.Engine.Storage;

/// <summary>When the files of a stored model are checked against the manifest. Sizes and the manifest itself always are.</summary>
public enum ModelVerification
{
    /// <summary>
    /// Every array is checked (CRC-32C by chunk) when it is read or mapped: a byte is read once. Ids, histories and
    /// all headers are read, and so checked, on opening.
    /// </summary>
    OnRead,

    /// <summary>All chunks are checked on opening, in parallel, at the speed of the disk.</summary>
    Full,

    /// <summary>The SHA-256 of every file is checked on opening: one core, 1 to 2 GB/s.</summary>
    Sha256,
}
