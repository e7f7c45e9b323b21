namespace BillApis.Tests;

/// <summary>The checkout that these tests were built from.</summary>
internal static class Repository
{
    public static string Root { get; } = Above(AppContext.BaseDirectory, "BillApis.Core.sln")
        ?? throw new InvalidOperationException($"There is no BillApis.Core.sln above {AppContext.BaseDirectory}.");

    /// <summary>The full path of something in the checkout, for example <c>src/BillApis.Core</c>.</summary>
    public static string PathOf(params string[] parts) => Path.Combine([Root, .. parts]);

    /// <summary>The nearest folder, from this one upwards, that holds the entry.</summary>
    public static string? Above(string folder, string entry)
    {
        for (var current = new DirectoryInfo(folder); current is not null; current = current.Parent)
        {
            if (Path.Exists(Path.Combine(current.FullName, entry)))
            {
                return current.FullName;
            }
        }

        return null;
    }
}
