using System.Reflection;

namespace BillApis.Architecture.Tests;

/// <summary>The public surface of each package, approved by hand: a change of <c>Approved/*.txt</c> in a review is a change of contract.</summary>
public sealed class PublicApiTests
{
    public static TheoryData<string> Projects => LayerTests.Projects;

    [Theory]
    [MemberData(nameof(Projects))]
    public void The_public_surface_is_the_approved_one(string project)
    {
        var received = PublicApi.Print(Assembly.Load(project));
        var approved = Repository.PathOf("tests", "BillApis.Architecture.Tests", "Approved", project + ".txt");
        var receivedFile = Path.ChangeExtension(approved, ".received.txt");
        if (Environment.GetEnvironmentVariable("BILLAPIS_APPROVE") is "1")
        {
            Environment.GetEnvironmentVariable("CI").ShouldNotBe("true", "only a person approves a surface");
            File.WriteAllText(approved, received);
        }

        File.Delete(receivedFile);
        if (!File.Exists(approved) || File.ReadAllText(approved).ReplaceLineEndings("\n") != received)
        {
            File.WriteAllText(receivedFile, received);
            Assert.Fail($"The public surface of {project} is not the approved one. Compare {receivedFile} with {approved}; to accept it, run BILLAPIS_APPROVE=1 dotnet test tests/BillApis.Architecture.Tests and commit the difference.");
        }
    }

    [Fact]
    public void Nothing_of_the_SQL_is_public() => Assembly.Load("BillApis.Storage.Sql").GetExportedTypes().ShouldBeEmpty();
}
