namespace BillApis.Host.Tests;

public sealed class SecurityHeaderTests(HostFixture host)
{
    [Theory]
    [InlineData("/customers")]
    [InlineData("/nothing/here")]
    public async Task Every_answer_forbids_to_keep_frame_or_guess_it(string path)
    {
        foreach (var answer in new[] { await host.Api.GetAsync(path), await host.Nobody.GetAsync(path) })
        {
            answer.Headers["X-Content-Type-Options"].ShouldBe(["nosniff"]);
            answer.Headers["Cache-Control"].ShouldBe(["no-store"]);
            answer.Headers["Referrer-Policy"].ShouldBe(["no-referrer"]);
            answer.Headers["Content-Security-Policy"].ShouldBe(["default-src 'none'; frame-ancestors 'none'"]);
            answer.Headers.Contains("Access-Control-Allow-Origin").ShouldBeFalse();
            answer.Headers.Contains("Server").ShouldBeFalse();
        }
    }
}
