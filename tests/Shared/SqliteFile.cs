namespace BillApis.Tests;

/// <summary>A SQLite database in a file of its own.</summary>
internal static class SqliteFile
{
    /// <summary>The path of a file that is not there yet.</summary>
    public static string NewPath() => Path.Combine(Path.GetTempPath(), $"billapis-{Guid.CreateVersion7():N}.db");

    /// <summary>Deletes the file and those beside it.</summary>
    public static void Delete(string path)
    {
        foreach (var suffix in (ReadOnlySpan<string>)["", "-wal", "-shm"])
        {
            File.Delete(path + suffix);
        }
    }
}
