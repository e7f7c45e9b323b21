using BillApis.Browser.Tests;

[assembly: AssemblyFixture(typeof(Chromium))]

namespace BillApis.Browser.Tests;

/// <summary>One headless Chromium for all tests: the machine's own, which <c>./test.sh</c> installs; <c>BILLAPIS_TEST_CHROMIUM</c> names another.</summary>
public sealed class Chromium : IAsyncLifetime
{
    private static readonly string[] Names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
    private IPlaywright? _playwright;
    private IBrowser? _browser;

    public async ValueTask InitializeAsync()
    {
        var program = Environment.GetEnvironmentVariable("BILLAPIS_TEST_CHROMIUM") is { Length: > 0 } given ? given : Installed();
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = program,
            Args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--font-render-hinting=none"],
        });
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
        {
            await _browser.CloseAsync();
        }

        _playwright?.Dispose();
    }

    /// <summary>A page that shows some HTML, and can load nothing else.</summary>
    public async Task<IPage> ShowAsync(string html)
    {
        var page = await _browser!.NewPageAsync(new BrowserNewPageOptions { Offline = true });
        await page.SetContentAsync(html);
        return page;
    }

    /// <summary>Keeps a picture of a page where <c>BILLAPIS_TEST_PICTURES</c> names a folder, for people to look at.</summary>
    public static async Task KeepAsync(IPage page, string name)
    {
        if (Environment.GetEnvironmentVariable("BILLAPIS_TEST_PICTURES") is { Length: > 0 } folder)
        {
            await page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(folder, name + ".png"), FullPage = true });
        }
    }

    /// <summary>Keeps a printed file likewise.</summary>
    public static async Task KeepAsync(byte[] pdf, string name)
    {
        if (Environment.GetEnvironmentVariable("BILLAPIS_TEST_PICTURES") is { Length: > 0 } folder)
        {
            await File.WriteAllBytesAsync(Path.Combine(folder, name + ".pdf"), pdf);
        }
    }

    private static string Installed() => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').SelectMany(folder => Names.Select(name => Path.Combine(folder, name))).FirstOrDefault(File.Exists)
        ?? throw new InvalidOperationException("Chromium is not installed: ./test.sh installs it, or name another in BILLAPIS_TEST_CHROMIUM.");
}
