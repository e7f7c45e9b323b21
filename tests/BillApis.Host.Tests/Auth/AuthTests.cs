using System.Text.Json;

namespace BillApis.Host.Tests;

public sealed class AuthTests(HostFixture host)
{
    [Fact]
    public async Task Signing_in_gives_tokens_and_says_who_it_is()
    {
        var tokens = await LoginAsync();
        tokens.GetProperty("token_type").GetString().ShouldBe("Bearer");
        tokens.GetProperty("expires_in").GetInt32().ShouldBeGreaterThan(0);
        var user = tokens.GetProperty("user");
        user.GetProperty("email").GetString().ShouldBe(HostFixture.Email);
        user.GetProperty("roles").EnumerateArray().Select(role => role.GetString()).ShouldBe(["owner"]);
        (await Signed(tokens).GetAsync("/auth/me")).Ok().GetProperty("id").GetString().ShouldBe(user.GetProperty("id").GetString());
    }

    [Fact]
    public async Task A_wrong_password_and_an_unknown_user_get_the_same_answer()
    {
        var wrong = await host.Nobody.PostAsync("/auth/login", new { email = HostFixture.Email, password = "wrong" });
        var unknown = await host.Nobody.PostAsync("/auth/login", new { email = "nobody@example.com", password = "wrong" });
        wrong.ShouldFail(401, "AUTH_001");
        unknown.ShouldFail(401, "AUTH_001");
        unknown.Message.ShouldBe(wrong.Message);
    }

    [Fact]
    public async Task A_refresh_token_is_usable_once_and_reuse_ends_the_family()
    {
        var first = await LoginAsync();
        var second = (await RefreshAsync(first)).Ok();
        var third = (await RefreshAsync(second)).Ok();
        (await RefreshAsync(first)).ShouldFail(401, "AUTH_001");
        (await RefreshAsync(third)).ShouldFail(401, "AUTH_001");
        (await host.Nobody.PostAsync("/auth/refresh", new { refresh_token = "nonsense" })).ShouldFail(401, "AUTH_001");
    }

    [Fact]
    public async Task Of_concurrent_uses_of_one_refresh_token_at_most_one_succeeds()
    {
        var tokens = await LoginAsync();
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => RefreshAsync(tokens)));
        answers.Count(answer => answer.Status == 200).ShouldBeLessThanOrEqualTo(1);
        answers.Where(answer => answer.Status != 200).ShouldAllBe(answer => answer.Code == "AUTH_001");
    }

    [Fact]
    public async Task Signing_out_ends_the_session()
    {
        var tokens = await LoginAsync();
        (await Signed(tokens).PostAsync("/auth/logout")).Ok();
        (await RefreshAsync(tokens)).ShouldFail(401, "AUTH_001");
    }

    [Fact]
    public async Task Changing_the_password_needs_the_old_one_and_ends_the_other_sessions()
    {
        var (mine, other) = (await LoginAsync(), await LoginAsync());
        var api = Signed(mine);
        (await api.PostAsync("/auth/password", new { current_password = "wrong", new_password = "long enough" })).ShouldFail(400, "VAL_001", "current_password");
        (await api.PostAsync("/auth/password", new { current_password = HostFixture.Password, new_password = "short" })).ShouldFail(400, "VAL_001", "new_password");

        (await api.PostAsync("/auth/password", new { current_password = HostFixture.Password, new_password = "another long password" })).Ok();
        (await host.Nobody.PostAsync("/auth/login", new { email = HostFixture.Email, password = HostFixture.Password })).ShouldFail(401, "AUTH_001");
        (await RefreshAsync(other)).ShouldFail(401, "AUTH_001");
        (await RefreshAsync(mine)).Ok();
        (await api.PostAsync("/auth/password", new { current_password = "another long password", new_password = HostFixture.Password })).Ok();
    }

    private async Task<JsonElement> LoginAsync() => (await host.Nobody.PostAsync("/auth/login", new { email = HostFixture.Email.ToUpperInvariant(), password = HostFixture.Password })).Ok();

    private Task<Answer> RefreshAsync(JsonElement tokens) => host.Nobody.PostAsync("/auth/refresh", new { refresh_token = tokens.GetProperty("refresh_token").GetString() });

    private Api Signed(JsonElement tokens) => new(host.CreateClient(), tokens.GetProperty("access_token").GetString());
}
