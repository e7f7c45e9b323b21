namespace BillApis.Sqlite;

/// <summary>What is certain once SQLite answered; whichever it is, killing the process loses nothing and the file is never damaged.</summary>
public enum SqliteDurability
{
    /// <summary>What was answered survives a power cut: each commit waits for the disk (<c>synchronous = full</c>).</summary>
    Full,

    /// <summary>A power cut may undo the last commits, all of them from some point on; a commit waits for nothing (<c>synchronous = normal</c>).</summary>
    Normal,
}
