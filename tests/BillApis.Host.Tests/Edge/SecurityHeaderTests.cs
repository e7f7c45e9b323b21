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
            answer.Headers["Content-Security-Policy"].ShouldBe(["default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"]);
            answer.Headers.Contains("Access-Control-Allow-Origin").ShouldBeFalse();
            answer.Headers.Contains("Server").ShouldBeFalse();
            answer.Headers.Contains("WWW-Authenticate").ShouldBe(answer.Status == 401);
        }
    }

    [Theory]
    [InlineData("/health")]
    [InlineData("/health/live")]
    [InlineData("/.well-known/jwks.json")]
    [InlineData("/openapi/v1.json")]
    [InlineData("/docs")]
    [InlineData("/nowhere")]
    public async Task What_is_open_to_anybody_runs_nothing_and_is_not_guessed_about_either(string path)
    {
        using var answer = await host.CreateClient().GetAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken);
        answer.Headers.GetValues("X-Content-Type-Options").ShouldBe(["nosniff"]);
        answer.Headers.GetValues("Referrer-Policy").ShouldBe(["no-referrer"]);
        var policy = answer.Headers.GetValues("Content-Security-Policy").Single();
        policy.ShouldStartWith("default-src 'none'");
        policy.ShouldContain("frame-ancestors 'none'");
        policy.ShouldContain("base-uri 'none'");
    }

    [Theory]
    [InlineData("https://billing.example", true)]
    [InlineData("http://billing.example", false)]
    public async Task Whoever_came_over_TLS_is_told_to_come_so_for_a_year(string address, bool told)
    {
        var client = host.CreateClient(new() { BaseAddress = new Uri(address), AllowAutoRedirect = false });
        using var answer = await client.GetAsync(new Uri("/health/live", UriKind.Relative), TestContext.Current.CancellationToken);
        answer.Headers.TryGetValues("Strict-Transport-Security", out var values).ShouldBe(told);
        (values ?? []).ShouldBe(told ? ["max-age=31536000; includeSubDomains"] : []);
    }
}
