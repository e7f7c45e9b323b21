using BillApis.AspNetCore;
using NodaTime;

namespace BillApis.Host.Tests;

public sealed class LoginThrottleTests(HostFixture host)
{
    private static readonly Instant Now = Instant.FromUtc(2026, 1, 1, 0, 0);

    [Fact]
    public async Task After_ten_failures_the_answer_is_RATE_001_with_the_time_to_wait_whether_the_user_exists_or_not()
    {
        var user = await new People(host).AddAsync("support");
        foreach (var email in new[] { user.GetProperty("email").GetString()!, $"{Seed.Name("nobody")}@example.com" })
        {
            for (var attempt = 0; attempt < 10; attempt++)
            {
                (await host.Nobody.PostAsync("/auth/login", new { email, password = "wrong" })).ShouldFail(401, "AUTH_001");
            }

            var refused = await host.Nobody.PostAsync("/auth/login", new { email = email.ToUpperInvariant(), password = People.Password });
            refused.ShouldFail(429, "RATE_001");
            int.Parse(refused.Headers["Retry-After"].Single(), System.Globalization.CultureInfo.InvariantCulture).ShouldBeInRange(1, 900);
        }
    }

    [Fact]
    public void A_success_forgets_the_failures_and_so_does_time()
    {
        var throttle = new LoginThrottle();
        Fail(throttle, 9, "a@x", "1");
        throttle.Succeeded("a@x", "1");
        Fail(throttle, 10, "a@x", "1");
        Should.Throw<HttpRefusal>(() => throttle.Check("a@x", "1", Now + Duration.FromMinutes(14)));
        throttle.Check("a@x", "1", Now + Duration.FromMinutes(15));
        throttle.Check("b@x", "1", Now);
        throttle.Check("a@x", "2", Now);
    }

    [Fact]
    public void Guessing_from_many_addresses_and_for_many_users_is_slowed_down_too()
    {
        var throttle = new LoginThrottle();
        for (var address = 0; address < 50; address++)
        {
            throttle.Check("a@x", $"{address}", Now);
            throttle.Failed("a@x", $"{address}", Now);
        }

        Should.Throw<HttpRefusal>(() => throttle.Check("a@x", "51", Now));
        for (var user = 0; user < 100; user++)
        {
            throttle.Check($"{user}@y", "9.9.9.9", Now);
            throttle.Failed($"{user}@y", "9.9.9.9", Now);
        }

        Should.Throw<HttpRefusal>(() => throttle.Check("new@y", "9.9.9.9", Now));
    }

    // Sent together, they would all be let in before the first one had failed.
    [Fact]
    public async Task Guesses_that_are_sent_at_once_are_counted_too()
    {
        var user = await new People(host).AddAsync("support");
        var answers = await Task.WhenAll(Enumerable.Range(0, 60).Select(guess => host.Nobody.PostAsync("/auth/login", new { email = user.GetProperty("email").GetString(), password = $"guess {guess}" })));
        answers.Count(answer => answer.Code == "AUTH_001").ShouldBeInRange(10, 13);
        answers.Count(answer => answer.Code == "RATE_001").ShouldBeInRange(47, 50);
    }

    [Theory]
    [InlineData("2001:db8:1:2:3::4", "2001:db8:1:2:ffff::1", true)]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:3::1", false)]
    [InlineData("192.0.2.1", "::ffff:192.0.2.1", true)]
    [InlineData("192.0.2.1", "192.0.2.2", false)]
    public void All_addresses_that_one_has_count_as_one(string address, string another, bool same)
    {
        var throttle = new LoginThrottle();
        Fail(throttle, 10, "a@x", address);
        var check = () => throttle.Check("a@x", another, Now);
        if (same)
        {
            Should.Throw<HttpRefusal>(check);
        }
        else
        {
            check();
        }
    }

    [Fact]
    public async Task A_failed_sign_in_is_told_whether_the_user_exists_or_not_and_the_address_of_nobody_is_not_written_down()
    {
        var email = $"{Seed.Name("my.password.by.mistake")}@example.com";
        (await host.Nobody.PostAsync("/auth/login", new { email, password = "wrong" })).ShouldFail(401, "AUTH_001");
        var entry = (await host.Api.GetAsync("/admin/audit?limit=1")).Ok()[0];
        (entry.GetProperty("action").GetString(), entry.GetProperty("object").GetString()).ShouldBe(("login.failed", "unknown user"));
        entry.GetRawText().ShouldNotContain("by.mistake");
    }

    private static void Fail(LoginThrottle throttle, int times, string email, string address)
    {
        for (var i = 0; i < times; i++)
        {
            throttle.Check(email, address, Now);
            throttle.Failed(email, address, Now);
        }
    }
}
