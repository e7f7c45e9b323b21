namespace BillApis.Tests;

/// <summary>Inputs that lie beside the checkout, in a folder named <c>shared</c>, and are never copied into it.</summary>
internal static class SharedFiles
{
    /// <summary>The full path of an input, for example <c>data/focus-bill.csv</c>; where it is missing the test is skipped, and fails where <c>CI=true</c>.</summary>
    public static string PathOf(string file)
    {
        var entry = Path.Combine("shared", file);
        var folder = Repository.Above(Repository.Root, entry);
        if (folder is null)
        {
            Assert.SkipUnless(Environment.GetEnvironmentVariable("CI") is "true", $"There is no {entry} beside the checkout or above it.");
            Assert.Fail($"There is no {entry} beside the checkout or above it, and CI=true allows no skip.");
        }

        return Path.Combine(folder!, entry);
    }
}
