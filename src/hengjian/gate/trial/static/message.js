/* What a hospital's software sends: 3101, 3103, in the national envelope, signed as the gateway asks. Nothing here knows of the page. */

const PATIENCE = 3000; /* ms a doctor is kept waiting at most */
let serial = Math.floor(Math.random() * 9000);

const two = (n) => String(n).padStart(2, "0");

/* The day of the demonstration with the real time of day, China time. */
export function instant(day) {
  const t = new Date(Date.now() + 8 * 3600e3);
  return `${day} ${two(t.getUTCHours())}:${two(t.getUTCMinutes())}:${two(t.getUTCSeconds())}`;
}

function envelope(book, infno, data) {
  const at = instant(book.day);
  serial = (serial + 1) % 10000;
  return {
    infno,
    msgid: book.at.code + at.replace(/\D/g, "") + String(serial).padStart(4, "0"),
    mdtrtarea_admvs: book.at.admdvs,
    insuplc_admdvs: book.region,
    recer_sys_code: "HJ",
    infver: "V1.0",
    opter_type: "1",
    opter: book.doctor.code,
    opter_name: book.doctor.name,
    inf_time: at,
    fixmedins_code: book.at.code,
    fixmedins_name: book.at.name,
    sign_no: "",
    input: { data },
  };
}

const money = (yuan) => Math.round(yuan * 100) / 100;

/* One order of the page as a line of a message. Class 丙 is paid by the patient alone. */
function line(book, order, begun) {
  const item = order.item, sum = money(order.cnt * item.price);
  return {
    rx_id: order.sn, rxno: "CF1", long_drord_flag: "0", drord_bhvr: "0",
    hilist_type: item.type, chrg_type: item.chrg, hilist_code: item.code, hilist_name: item.name, hilist_lv: item.lv,
    hilist_pric: item.price, hosplist_code: item.code, hosplist_name: item.name,
    cnt: order.cnt, pric: item.price, sumamt: sum, ownpay_amt: item.lv === "03" ? sum : 0, selfpay_amt: 0,
    spec: item.spec, spec_unt: item.unit, drord_begn_date: begun,
    drord_dept_codg: book.doctor.dept_codg, drord_dept_name: book.doctor.dept_name,
    drord_dr_codg: book.doctor.code, drord_dr_name: book.doctor.name, drord_dr_profttl: book.doctor.title, curr_drord_flag: "1",
  };
}

/* 3101 事前分析: the visit as it stands on the screen. */
export function check(book, patient, diagnoses, orders) {
  const now = instant(book.day), begun = patient.begun;
  const total = money(orders.reduce((sum, order) => sum + order.cnt * order.item.price, 0));
  const visit = {
    mdtrt_id: patient.mdtrt_id, medins_id: book.at.code, medins_name: book.at.name, medins_admdvs: book.at.admdvs,
    medins_type: book.at.type, medins_lv: book.at.lv, adm_date: begun, dscg_date: begun,
    dscg_main_dise_codg: diagnoses.length ? diagnoses[0][0] : "", dscg_main_dise_name: diagnoses.length ? diagnoses[0][1] : "",
    dr_codg: book.doctor.code, adm_dept_codg: book.doctor.dept_codg, adm_dept_name: book.doctor.dept_name,
    dscg_dept_codg: book.doctor.dept_codg, dscg_dept_name: book.doctor.dept_name,
    med_mdtrt_type: "1", med_type: patient.med_type, matn_stas: "0", medfee_sumamt: total, ownpay_amt: 0, selfpay_amt: 0,
    setl_totlnum: 0, insutype: patient.insutype, reim_flag: "1", out_setl_flag: "0",
    fsi_diagnose_dtos: diagnoses.map(([code, name], i) => ({
      dise_id: `ZD${i + 1}`, inout_dise_type: "1", maindise_flag: i ? "0" : "1", dias_srt_no: String(i + 1),
      dise_codg: code, dise_name: name, dise_date: begun,
    })),
    fsi_order_dtos: orders.map((order) => line(book, order, now)),
  };
  const person = {
    patn_id: patient.psn_no, patn_name: patient.name, gend: patient.gend, brdy: patient.brdy, poolarea: patient.poolarea,
    curr_mdtrt_id: patient.mdtrt_id, fsi_encounter_dtos: [visit], fsi_his_data_dto: [],
  };
  return envelope(book, "3101", { syscode: "TRY", task_id: `T${patient.mdtrt_id}`, trig_scen: "2", rule_ids: [], patient_dtos: [person] });
}

/* 3103 反馈: way 1 goes on with a reason, 2 goes back and changes. */
export function feedback(book, warns) {
  return envelope(book, "3103", {
    warn_type: "1",
    warns: warns.map((w) => ({ warn_rslt_id: w.jr_id, dspo_way: w.way, dspo_way_rea: w.reason })),
  });
}

async function signed(key) {
  const headers = { "Content-Type": "application/json" };
  if (!key || !window.crypto || !crypto.subtle) return headers;
  const time = String(Math.floor(Date.now() / 1000));
  const once = Array.from(crypto.getRandomValues(new Uint8Array(12)), (b) => b.toString(16).padStart(2, "0")).join("");
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(time + key.secret + once + time));
  headers["x-tif-paasid"] = key.paasid;
  headers["x-tif-timestamp"] = time;
  headers["x-tif-nonce"] = once;
  headers["x-tif-signature"] = Array.from(new Uint8Array(digest), (b) => b.toString(16).padStart(2, "0")).join("");
  return headers;
}

const moment = (text) => (/^\d{17}$/.test(text || "")
  ? Date.UTC(text.slice(0, 4), text.slice(4, 6) - 1, text.slice(6, 8), text.slice(8, 10), text.slice(10, 12), text.slice(12, 14), text.slice(14)) : NaN);

/* Sends one message. Gives { request, headers, answer, ms, inside }; answer is null when nobody answered in time. */
export async function send(book, request) {
  const headers = await signed(book.key), body = JSON.stringify(request), stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), PATIENCE), began = performance.now();
  try {
    const reply = await fetch("/", { method: "POST", headers, body, signal: stop.signal, cache: "no-store" });
    const answer = await reply.json(), ms = performance.now() - began;
    return { request, headers, answer, ms, inside: moment(answer.respond_time) - moment(answer.refmsg_time) };
  } catch (error) {
    return { request, headers, answer: null, ms: performance.now() - began, inside: NaN };
  } finally {
    clearTimeout(timer);
  }
}
