// Pictures of Airflow's UI: the list of DAGs, one DAG's grid, one DAG's graph with its task groups open, one task's log.
// Called by screenshots.py, with the address, user and password in the environment.
import { chromium } from "playwright-core";

const { AIRFLOW_URL, AIRFLOW_USER, AIRFLOW_PASSWORD, CHROMIUM, FOLDER, RUNS } = process.env;
const runs = JSON.parse(RUNS);
const settle = () => new Promise((done) => setTimeout(done, 3000)); // the page keeps asking: it is never idle

const browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
const page = await browser.newPage({ viewport: { width: 1500, height: 900 } });
page.setDefaultTimeout(120000);

const picture = async (name) => {
  await settle();
  await page.screenshot({ path: `${FOLDER}/${name}.png` });
  console.log(`${name}.png`);
};

await page.goto(AIRFLOW_URL);
await page.fill("input[name=username]", AIRFLOW_USER);
await page.fill("input[name=password]", AIRFLOW_PASSWORD);
await page.click("button[type=submit]");
await settle();

await page.setViewportSize({ width: 1500, height: 1320 });
await page.goto(`${AIRFLOW_URL}/dags`);
await page.waitForSelector("text=7_maintenance");
await picture("dags");
await page.setViewportSize({ width: 1500, height: 900 });

for (const dag of ["3_load_vault", "5_build_marts"]) {
  await page.goto(`${AIRFLOW_URL}/dags/${dag}`);
  await page.waitForSelector("[data-testid^=grid-], [id^=grid-]", { timeout: 20000 }).catch(() => {});
  await settle();
  await page.click("[data-testid=expand-all-button]", { timeout: 5000 }).catch(() => {});
  await picture(`grid-${dag}`);
}

for (const dag of ["2_ingest_kafka", "3_load_vault"]) {
  await page.goto(`${AIRFLOW_URL}/dags/${dag}${runs[dag] ? `/runs/${encodeURIComponent(runs[dag])}` : ""}`);
  await settle();
  const graph = page.locator("button[aria-label^='Show Graph']"); // the page remembers which of the two it showed last
  if (!(await page.locator(".react-flow__node").count())) await graph.click();
  await page.waitForSelector(".react-flow__node");
  await page.click("[data-testid=expand-all-button]").catch(() => {});
  await picture(`graph-${dag}`);
}
await browser.close();
