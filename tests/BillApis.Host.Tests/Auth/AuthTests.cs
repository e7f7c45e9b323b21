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
    public async Task Whose_refresh_token_was_stolen_is_signed_out_with_the_thief()
    {
        var first = await LoginAsync();
        var second = (await RefreshAsync(first)).Ok();
        (await Signed(second).GetAsync("/auth/me")).Ok();
        (await RefreshAsync(first)).ShouldFail(401, "AUTH_001");
        (await Signed(first).GetAsync("/auth/me")).ShouldFail(401, "AUTH_001");
        (await Signed(second).GetAsync("/auth/me")).ShouldFail(401, "AUTH_001");
    }

    [Fact]
    public async Task Signing_out_ends_the_session_and_its_access_token_at_once()
    {
        var (tokens, other) = (await LoginAsync(), await LoginAsync());
        (await Signed(tokens).PostAsync("/auth/logout")).Ok();
        (await RefreshAsync(tokens)).ShouldFail(401, "AUTH_001");
        (await Signed(tokens).GetAsync("/auth/me")).ShouldFail(401, "AUTH_001");
        (await Signed(other).GetAsync("/auth/me")).Ok();
    }

    [Fact]
    public async Task Changing_the_password_needs_the_old_one_and_ends_the_other_sessions()
    {
        const string next = "another long password";
        var people = new People(host);
        var user = await people.AddAsync("support");
        var (mine, other) = ((await people.LoginAsync(user)).Ok(), (await people.LoginAsync(user)).Ok());
        var api = Signed(mine);
        (await api.PostAsync("/auth/password", new { current_password = "wrong", new_password = "long enough" })).ShouldFail(400, "VAL_001", "current_password");
        (await api.PostAsync("/auth/password", new { current_password = People.Password, new_password = "short" })).ShouldFail(400, "VAL_001", "new_password");

        (await api.PostAsync("/auth/password", new { current_password = People.Password, new_password = next })).Ok();
        (await people.LoginAsync(user)).ShouldFail(401, "AUTH_001");
        (await RefreshAsync(other)).ShouldFail(401, "AUTH_001");
        (await Signed(other).GetAsync("/auth/me")).ShouldFail(401, "AUTH_001");
        (await RefreshAsync(mine)).Ok();
        (await api.GetAsync("/auth/me")).Ok();
    }

    [Fact]
    public async Task Whoever_took_a_session_does_not_guess_the_password_with_it()
    {
        var people = new People(host);
        var api = Signed((await people.LoginAsync(await people.AddAsync("support"))).Ok());
        var guesses = await Task.WhenAll(Enumerable.Range(0, 40).Select(guess => api.PostAsync("/auth/password", new { current_password = $"guess {guess}", new_password = "long enough" })));

        // Ten, and the few that were under way when the tenth failed.
        guesses.Count(answer => answer.Status == 400).ShouldBeInRange(10, 13);
        guesses.Where(answer => answer.Status != 400).ShouldAllBe(answer => answer.Code == "RATE_001");
        (await api.PostAsync("/auth/password", new { current_password = People.Password, new_password = "long enough" })).ShouldFail(429, "RATE_001");
    }

    private async Task<JsonElement> LoginAsync() => (await host.Nobody.PostAsync("/auth/login", new { email = HostFixture.Email.ToUpperInvariant(), password = HostFixture.Password })).Ok();

    private Task<Answer> RefreshAsync(JsonElement tokens) => host.Nobody.PostAsync("/auth/refresh", new { refresh_token = tokens.GetProperty("refresh_token").GetString() });

    private Api Signed(JsonElement tokens) => new(host.CreateClient(), tokens.GetProperty("access_token").GetString());
}
